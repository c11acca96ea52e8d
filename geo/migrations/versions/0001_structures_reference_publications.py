"""Structures, the reference they stand on, loads and publications."""

import importlib.util

from alembic import op

import geo.publication
import geo.structures  # noqa: F401
from geo.database import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for module in ("geo.communes", "geo.categories"):
        if importlib.util.find_spec(module):
            importlib.import_module(module)
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
