"""Checks manifests by the schemas of several versions of Kubernetes, and prints them as JSON.

Usage: validate.py FILE VERSION...
"""

import json
import sys

import kubernetes_validate
import yaml

path, *versions = sys.argv[1:]
with open(path) as file:
    manifests = [manifest for manifest in yaml.safe_load_all(file) if manifest]
for manifest in manifests:
    for version in versions:
        try:
            # Strictly: a field that Kubernetes doesn't know is an error.
            kubernetes_validate.validate(manifest, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            sys.exit(f"{manifest['kind']} {manifest['metadata']['name']}, Kubernetes {version}: {error}")
json.dump(manifests, sys.stdout)
