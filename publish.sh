#!/usr/bin/env bash
# Publishes the program with the list of what is in it: ./publish.sh OUT
#   OUT                  a folder that is not there yet or is empty; ./out unless given
#   --arch ARCH          for amd64 or arm64 instead of this machine's own
#   --self-contained     with the .NET runtime inside, for machines that have none
#   --single-file        all of it in one file
#   --twice              publishes from two copies of the last commit in different folders, and says which files differ
# OUT/cardea is the program, OUT/cardea.cdx.json its bill of materials (CycloneDX 1.6), OUT/SHA256SUMS every file's hash.
# What is restored must be what the lock files say. docs/guides/what-is-in-the-box.md tells how to verify and rebuild.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

out='' twice=no arch='' options=()
while (($#)); do
  case $1 in
    --arch) arch=${2:?--arch needs amd64 or arm64}; options+=(--arch "$arch"); shift 2 ;;
    --self-contained | --single-file) options+=("$1"); shift ;;
    --twice) twice=yes; shift ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "publish.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
    *) [[ -z $out ]] || { echo "publish.sh: one folder is enough" >&2; exit 2; }; out=$1; shift ;;
  esac
done

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 LC_ALL=C

if [[ $twice == yes ]]; then
  [[ -z $(git status --porcelain --untracked-files=no) ]] || echo "publish.sh: what is not committed is not built"
  scratch=$(mktemp -d /tmp/cardea-twice.XXXXXX)
  trap 'rm -rf "$scratch"' EXIT
  for copy in one another/and-deeper; do # at other times, in folders of other names and lengths
    mkdir -p "$scratch/$copy"
    git archive HEAD | tar -x -C "$scratch/$copy" --touch
    "$scratch/$copy/publish.sh" "$scratch/$copy/out" "${options[@]}"
  done
  if diff "$scratch/one/out/SHA256SUMS" "$scratch/another/and-deeper/out/SHA256SUMS"; then
    echo "Reproducible: $(wc -l <"$scratch/one/out/SHA256SUMS") files, the same from both folders."
    exit 0
  fi
  echo "publish.sh: the files above differ" >&2
  exit 1
fi

out=$(realpath -m "${out:-out}")
[[ ! -e $out || -z $(ls -A "$out") ]] || { echo "publish.sh: $out is not empty: old files would be taken for new ones" >&2; exit 2; }
case ${arch:-$(uname -m)} in
  amd64 | x86_64) rid=linux-x64 ;;
  arm64 | aarch64) rid=linux-arm64 ;;
  *) echo "publish.sh: nothing is known of the architecture ${arch:-$(uname -m)}" >&2; exit 2 ;;
esac
publish=(-c Release -r "$rid" --self-contained "$([[ " ${options[*]} " == *" --self-contained "* ]] && echo true || echo false)" -p:CardeaWithoutSymbols=true -v quiet --tl:off)

rm -rf src/*/obj/Release # what was compiled otherwise must not be taken over
dotnet restore src/Cardea.Server --locked-mode -v quiet --tl:off # every package is the one that was reviewed, byte for byte
# A list of packages is beside the program only where the program is not one file: so it is always taken from such a one.
dotnet publish src/Cardea.Server "${publish[@]}" -o "$out"
if [[ " ${options[*]} " == *" --single-file "* ]]; then
  parts=$(mktemp -d /tmp/cardea-parts.XXXXXX)
  trap 'rm -rf "$parts"' EXIT
  cp "$out/Cardea.Server.deps.json" "$parts/"
  rm -rf "${out:?}"/*
  dotnet publish src/Cardea.Server "${publish[@]}" -p:PublishSingleFile=true -o "$out"
fi

python3 deploy/sbom.py --deps "${parts:-$out}/Cardea.Server.deps.json" --lock src/Cardea.Server/packages.lock.json \
  --packages "$(dotnet nuget locals global-packages --list | sed 's/^[^/]*//')" --folder "$out" --out "$out/cardea.cdx.json"
(cd "$out" && find . -type f ! -name SHA256SUMS -printf '%P\0' | sort -z | xargs -0 sha256sum >SHA256SUMS)
echo "$out/cardea: $(wc -l <"$out/SHA256SUMS") files, $(du -sh "$out" | cut -f1)"
