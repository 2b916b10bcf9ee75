"""How the source spells things: variants that its code map knows, beside the catalogue's own words.

The map becomes rows of `code_value`; words that no map knows are planted by `defects`.
"""

from __future__ import annotations

from jobs.source.demo.chance import Chance

VARIANT_SHARE = 0.06
VARIANTS: dict[str, dict[str, tuple[str, ...]]] = {
    "contact_outcome": {
        "engaged": ("Engaged Client", "Client engaged"),
        "unable_to_locate": ("Unable to Locate", "Unable to locate client"),
        "declined": ("Client declined to engage",),
        "gone_on_arrival": ("GOA",),
    },
    "disposition": {
        "remained_in_community": ("Remained in community (RIC)",),
        "emergency_department": ("Emergency Dept", "ER"),
        "detox": ("Sobering/Detox Facility", "Sobering or Detox Facility"),
        "crisis_centre": ("Crisis walk-in Center",),
    },
    "source": {"911": ("9-1-1", "PSAP transfer"), "211": ("2-1-1",)},
    "incident_type": {
        "crisis": ("PIC",),
        "suicide_related": ("SUIC",),
        "shooting": ("SHOOT",),
        "firearm_discharge": ("F/D",),
    },
    "priority": {"1": ("P1",), "2": ("P2",), "3": ("P3",), "4": ("P4",)},
    "service": {"substance_use": ("Addictions",), "housing": ("Shelter / housing worker",)},
}
"""Code list -> our word -> the spellings found in old forms and devices."""


def spelled(codes: str, word: str, chance: Chance) -> str:
    """The word, or now and then an older spelling of it."""
    variants = VARIANTS[codes].get(word)
    if variants is None or not chance.yes(VARIANT_SHARE):
        return word
    return chance.choice(variants)
