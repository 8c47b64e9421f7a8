#!/usr/bin/env python3
"""Writes what is in a published program as CycloneDX 1.6 (JSON), and refuses what the lock file does not know.

The list is the one by which the program itself finds its packages (*.deps.json), so it can't name what isn't shipped or leave out what is:
each .dll of the folder must be in it. Hashes of packages are those of the lock file (SHA-512 of the package), licences those that the packages
state. Nothing in the result depends on when or where it was made: two runs over the same program give the same bytes.
"""

import argparse
import base64
import hashlib
import json
import os
import sys
import urllib.parse
import uuid
import xml.etree.ElementTree as xml

# Packages from before licences were stated by name, by the page that they state instead.
PAGES = {
    "https://go.microsoft.com/fwlink/?LinkId=329770": "MS-.NET-Library",
    "http://go.microsoft.com/fwlink/?LinkId=329770": "MS-.NET-Library",
    "https://github.com/dotnet/corefx/blob/master/LICENSE.TXT": "MIT",
    "https://github.com/dotnet/standard/blob/master/LICENSE.TXT": "MIT",
    "https://github.com/trichards57/zxcvbn-cs/blob/master/LICENSE": "MIT",
}
OWN = ("Cardea", "Cardea.Crypto", "Cardea.Server")


def purl(name, version):
    return f"pkg:nuget/{urllib.parse.quote(name)}@{urllib.parse.quote(version)}"


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def licence(packages, name, version):
    """What the package says of itself: an SPDX expression, or a page."""
    folder = os.path.join(packages, name.lower(), version.lower())
    nuspec = os.path.join(folder, name.lower() + ".nuspec")
    if not os.path.exists(nuspec):
        return None, None
    metadata = next(element for element in xml.parse(nuspec).getroot() if element.tag.endswith("metadata"))
    said = {element.tag.rsplit("}", 1)[-1]: element for element in metadata}
    description = " ".join((said["description"].text or "").split()) if "description" in said else None
    if "license" in said and said["license"].get("type") == "expression":
        return [{"expression": said["license"].text.strip()}], description
    if "license" in said:
        with open(os.path.join(folder, said["license"].text.strip()), encoding="utf-8-sig") as file:
            text = file.read()
        if "MIT License" in text or "Permission is hereby granted, free of charge" in text:
            return [{"license": {"id": "MIT"}}], description
        return [{"license": {"name": text.strip().splitlines()[0].strip() or "see the package"}}], description
    page = (said["licenseUrl"].text or "").strip() if "licenseUrl" in said else ""
    if not page:
        return None, description
    known = PAGES.get(page)
    if known == "MIT":
        return [{"license": {"id": known, "url": page}}], description
    return [{"license": {"name": known or "see the page", "url": page}}], description


def main():
    parser = argparse.ArgumentParser()
    for option in ("deps", "lock", "packages", "folder", "out"):
        parser.add_argument("--" + option, required=True)
    given = parser.parse_args()
    with open(given.deps, encoding="utf-8") as file:
        deps = json.load(file)
    with open(given.lock, encoding="utf-8") as file:
        locked = {name.lower(): entry for graph in json.load(file)["dependencies"].values() for name, entry in graph.items()}
    graph = deps["targets"][deps["runtimeTarget"]["name"]]

    faults, components, edges, refs, shipped = [], [], {}, {}, set()
    for key, library in deps["libraries"].items():
        name, version = key.split("/")
        refs[name] = f"pkg:generic/{name}@{version}" if name in OWN else purl(name, version)
        shipped |= {os.path.basename(path) for kind in ("runtime", "native", "runtimeTargets") for path in graph[key].get(kind, {})}
        shipped |= {os.path.basename(path) for path in graph[key].get("resources", {})}
    main_version = next(key.split("/")[1] for key in deps["libraries"] if key.startswith("Cardea.Server/"))
    for key, library in sorted(deps["libraries"].items()):
        name, version = key.split("/")
        edges[refs[name]] = sorted({refs[other] for other in graph[key].get("dependencies", {}) if other in refs})
        if name == "Cardea.Server":
            continue
        component = {"type": "library", "bom-ref": refs[name], "name": name, "version": version, "purl": refs[name]}
        if library["type"] == "package":
            entry = locked.get(name.lower())
            stated = library["sha512"].removeprefix("sha512-")
            if entry is None or entry.get("resolved") != version:
                faults.append(f"{key} is not in the lock file")
            elif entry["contentHash"] != stated:
                faults.append(f"{key} is another package than the one that was locked: {stated} and not {entry['contentHash']}")
            component["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(stated).hex()}]
            licences, description = licence(given.packages, name, version)
            if licences is None:
                faults.append(f"{key} states no licence")
            else:
                component["licenses"] = licences
            if description:
                component["description"] = description
        elif library["type"] == "project" and name in OWN:
            component["licenses"] = [{"license": {"id": "Apache-2.0"}}]
        elif library["type"] == "runtimepack":  # "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64": the runtime of a self-contained program
            refs_name = name.removeprefix("runtimepack.")
            component.update({"type": "framework", "name": refs_name, "purl": purl(refs_name, version), "licenses": [{"license": {"id": "MIT"}}]})
        elif library["type"] != "reference":
            faults.append(f"{key} is a {library['type']}: nothing is known of such")
        components.append(component)

    runtime = os.path.join(given.folder, "Cardea.Server.runtimeconfig.json")
    if os.path.exists(runtime):
        with open(runtime, encoding="utf-8") as file:
            needed = json.load(file)["runtimeOptions"]
        for framework in needed.get("frameworks", [needed["framework"]] if "framework" in needed else []):
            ref = f"framework:{framework['name']}@{framework['version']}"
            components.append({
                "type": "framework", "bom-ref": ref, "name": framework["name"], "version": framework["version"], "licenses": [{"license": {"id": "MIT"}}],
                "description": "Needed at run time and not contained: of this feature band, at least this version.", "properties": [{"name": "cardea:contained", "value": "false"}],
            })
            edges[refs["Cardea.Server"]] = sorted([*edges[refs["Cardea.Server"]], ref])
            edges[ref] = []

    for folder, _, files in sorted(os.walk(given.folder)):
        for file in sorted(files):
            path = os.path.join(folder, file)
            if os.path.abspath(path) in (os.path.abspath(given.out), os.path.join(os.path.abspath(given.folder), "SHA256SUMS")):
                continue
            where = os.path.relpath(path, given.folder)
            if file.endswith(".dll") and file not in shipped:
                faults.append(f"{where} is of no package that the program knows")
            components.append({"type": "file", "bom-ref": "file:" + where, "name": where, "hashes": [{"alg": "SHA-256", "content": digest(path)}]})

    if faults:
        sys.exit("sbom.py: " + "\nsbom.py: ".join(faults))

    bom = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "post-build"}],
            "component": {
                "type": "application", "bom-ref": refs["Cardea.Server"], "name": "cardea", "version": main_version, "purl": f"pkg:generic/cardea@{main_version}",
                "description": "A self-hosted authentication server", "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": edges[ref]} for ref in sorted(edges)],
    }
    content = json.dumps(bom, sort_keys=True, ensure_ascii=False).encode()
    bom = {**dict(list(bom.items())[:3]), "serialNumber": "urn:uuid:" + str(uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=5)), **dict(list(bom.items())[3:])}
    with open(given.out, "w", encoding="utf-8") as file:
        json.dump(bom, file, indent=2, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
