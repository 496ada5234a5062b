"""`python -m tools.examples`: write what is made from the packaged samples and the models.

The example files at the top are the packaged samples under names of their own, so that they stand beside
each other in a checkout; the schemas in docs/ are what `smscli schema` prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from smscli.cli.commands.schema import Which, printed
from smscli.files.samples import CAMPAIGNS, CONTACTS, SCHEMA, sample_campaigns, sample_contacts

ROOT = Path(__file__).parent.parent

#: What the samples' files are called here.
NAMES = {
    CAMPAIGNS: "campaigns.example.yaml",
    CONTACTS: "contacts.example.csv",
    SCHEMA: "docs/campaigns.schema.json",
}


def generated() -> Mapping[Path, str]:
    """Every file that is made, as it has to be."""
    example = sample_campaigns()
    for sample, name in NAMES.items():
        example = example.replace(sample, name)
    return {
        ROOT / NAMES[CAMPAIGNS]: example,
        ROOT / NAMES[CONTACTS]: sample_contacts(),
        ROOT / NAMES[SCHEMA]: printed(Which.CAMPAIGNS) + "\n",
        ROOT / "docs" / "gateway.schema.json": printed(Which.GATEWAY) + "\n",
    }


def main() -> None:
    """Write them."""
    for path, text in generated().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
