"""Makes the corpus of signed messages, honest and forged, that the check of assertions is tested with."""
