#!/usr/bin/env bash
# Builds Cardea from this clone and runs it. Arguments go to the server: ./run.sh --urls http://localhost:9000
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" # ./data and .env are those of the clone, wherever this is called from

stop() { printf 'run.sh: %s\n' "$@" >&2; exit 1; }

command -v dotnet >/dev/null || stop "the .NET SDK 10 is missing." \
  "Install it from your system's packages (dotnet-sdk-10.0) or from https://dotnet.microsoft.com/download"
dotnet --version >/dev/null 2>&1 || stop "no installed .NET SDK fits global.json, which asks for version 10." \
  "Install dotnet-sdk-10.0; installed now: $(dotnet --list-sdks | tr '\n' ';')"

# The database engine is the system's own SQLite. Only glibc's ldconfig can be asked; elsewhere the server itself says what is missing.
libraries=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null || true)
if [[ -n $libraries && $libraries != *libsqlite3.so.0* ]]; then
  stop "the library libsqlite3.so.0 is missing." "Install it: apt-get install libsqlite3-0 (Debian, Ubuntu), dnf install sqlite-libs (Fedora)"
fi

# What .env says about these two must be known before the server starts; the environment goes before it.
from_dotenv() {
  [[ -r .env ]] || return 0
  sed -nE "s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*//p" .env | tail -n 1 | sed -E "s/[[:space:]]+$//; s/^([\"'])(.*)\1$/\2/"
}
export ASPNETCORE_ENVIRONMENT="${ASPNETCORE_ENVIRONMENT:-$(from_dotenv ASPNETCORE_ENVIRONMENT)}"
export ASPNETCORE_ENVIRONMENT="${ASPNETCORE_ENVIRONMENT:-Development}"
export ASPNETCORE_URLS="${ASPNETCORE_URLS:-$(from_dotenv ASPNETCORE_URLS)}"
if [[ -z $ASPNETCORE_URLS ]]; then
  unset ASPNETCORE_URLS
  case " $* " in
    *" --urls "* | *" --urls="* | *" --https "*) ;; # these say where to listen
    *) export ASPNETCORE_URLS=http://localhost:8080 ;;
  esac
fi

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
log=$(dotnet build src/Cardea.Server -c Release --nologo -v quiet --tl:off 2>&1) || stop "the build failed:" "$log"

# exec, so that SIGTERM and Ctrl+C reach the server itself.
exec dotnet src/Cardea.Server/bin/Release/net10.0/Cardea.Server.dll "$@"
