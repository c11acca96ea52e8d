"""The engine on Elasticsearch 9 or OpenSearch 3: the answers of the embedded one, where one machine is outgrown."""
