"""The structures as django-vectortiles' own first pages have a model, its layer and its view."""

from django.contrib.gis.db import models
from vectortiles import VectorLayer
from vectortiles.views import MVTView


class Structure(models.Model):
    id = models.TextField(primary_key=True)
    categorie_no = models.IntegerField()
    geom = models.PointField(srid=4326)

    class Meta:
        managed = False
        app_label = "peer"
        db_table = '"peer"."structure"'


class Structures(VectorLayer):
    model = Structure
    id = "structures"
    tile_fields = ("id", "categorie_no")


class Tiles(MVTView):
    layer_classes = (Structures,)


urlpatterns = [Tiles.get_url("tiles")]
