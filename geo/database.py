"""The one metadata all tables hang on, and engines to PostgreSQL through psycopg 3."""

from sqlalchemy import Engine, MetaData, create_engine

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def engine_for(url: str, *, pool_size: int = 8) -> Engine:
    """An engine on a `postgresql://` or `postgresql+psycopg://` address."""
    driver_url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    # a failing statement's values may be somebody's name: they are in no traceback
    return create_engine(
        driver_url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, hide_parameters=True
    )
