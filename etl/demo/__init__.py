"""A fictitious France in the official formats: any size, any seed, with its truth."""

from etl.demo.generate import PRODUCED_ON, SEED, DemoFiles, generate
from etl.demo.sirene import SireneFiles

__all__ = ["PRODUCED_ON", "SEED", "DemoFiles", "SireneFiles", "generate"]
