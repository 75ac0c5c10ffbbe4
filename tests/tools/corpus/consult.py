"""The question that all messages carry: is this patient insured. All numbers are invented."""

from dataclasses import dataclass

from lxml import etree

from .names import CORE, NOW, PROTOCOL, tag

PROVIDER = "00000101000"  # 8 digits of the pharmacy and 3 more
OTHER_PROVIDER = "00000202000"
PATIENT = "00000010101"
OTHER_PATIENT = "00000020202"  # whom forged bodies ask about


@dataclass(frozen=True)
class Consult:
    provider: str = PROVIDER
    patient: str = PATIENT
    reference: str = "20260302093001"
    holder_name: str = "Example Holder"

    def fields(self):
        """The message's parts as nested pairs, for software that builds it by its own means."""
        return [
            ("CommonInput", [
                ("Request", [("IsTest", "false")]),
                ("Origin", [
                    ("Package", [
                        ("Name", "EXAMPLE-PACKAGE"),
                        ("License", [("Username", "example-package"), ("Password", "s3cr3t-l1cence")]),
                    ]),
                    ("CareProvider", [
                        ("Nihii", [("Quality", "pharmacy-holder"), ("Value", self.provider)]),
                        ("PhysicalPerson", [("Name", self.holder_name), ("Ssin", "00000000199")]),
                        ("Organization", [
                            ("Name", "Example Pharmacy One"),
                            ("Nihii", [("Quality", "pharmacy"), ("Value", self.provider[:8])]),
                        ]),
                    ]),
                ]),
            ]),
            ("RecordCommonInput", [("Reference", self.reference), ("UserReference", f"COUNTER1-{self.reference[-4:]}")]),
            ("InsurabilityRequest", [
                ("Date", f"{NOW:%Y-%m-%d}"), ("RequestType", "0"), ("CareReceiver", [("Ssin", self.patient)]),
            ]),
        ]  # fmt: skip

    def values(self):
        """The same as nested dictionaries."""

        def of(parts):
            return {name: value if isinstance(value, str) else of(value) for name, value in parts}

        return of(self.fields())

    def element(self):
        root = etree.Element(tag(PROTOCOL, "GetInsurabilityForPharmacistRequest"), nsmap={"p": PROTOCOL, "c": CORE})

        def add(parent, parts, namespace):
            for name, value in parts:
                child = etree.SubElement(parent, tag(namespace, name))
                if isinstance(value, str):
                    child.text = value
                else:
                    add(child, value, CORE)

        add(root, self.fields(), PROTOCOL)
        return root
