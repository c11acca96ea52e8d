"""Django's, of a project that has tiles of structures and nothing else."""

import os

from psycopg.conninfo import conninfo_to_dict

_database = conninfo_to_dict(os.environ["DATABASE_URL"])

ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.gis"]
ROOT_URLCONF = "structures"
DATABASES = {
    "default": {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "CONN_MAX_AGE": None,  # as Django's own page on databases advises; a connection for each request else
        **{name.upper(): str(_database.get(name, "")) for name in ("user", "password", "host", "port")},
        "NAME": str(_database["dbname"]),
    }
}
