"""How precise a position is, on a structure's page."""

import pytest

from api.web.whereabouts import said
from geo.position import Precision


@pytest.mark.parametrize("precision", Precision)
def test_only_the_centre_of_the_commune_is_called_so(precision: Precision) -> None:
    assert ("centre de la commune" in said(precision)) == (precision is Precision.COMMUNE)
