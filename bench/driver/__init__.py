"""What bench/throughput.py is made of."""
