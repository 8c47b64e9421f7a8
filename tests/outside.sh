#!/usr/bin/env bash
# Attacks a running server with other people's tools: sqlmap every operation of the OpenAPI document, wapiti every page as a member and
# as an administrator. `./test.sh --outside` runs it. What it found last is in docs/guides/checked-from-outside.md.
#   --postgres CONNECTION   the server keeps its data there instead of SQLite
#   --program FILE          a published `cardea` instead of ./run.sh
#   --sqlmap-only, --wapiti-only
#   --seconds N             at most so long for one operation or one scan (120)
#   --report FOLDER         keeps what the tools said
# Sends to this machine alone, ends by itself, and leaves nothing behind.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

sqlmap=yes wapiti=yes seconds=120 report='' postgres='' program=(./run.sh)
while (($#)); do
  case $1 in
    --postgres) postgres=${2:?--postgres needs a connection string}; shift 2 ;;
    --program) program=("$(realpath "${2:?--program needs a file}")"); export ASPNETCORE_ENVIRONMENT=Development; shift 2 ;;
    --sqlmap-only) wapiti=no; shift ;;
    --wapiti-only) sqlmap=no; shift ;;
    --seconds) seconds=${2:?--seconds needs a number}; shift 2 ;;
    --report) report=${2:?--report needs a folder}; shift 2 ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "outside.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
done

for tool in sqlmap wapiti curl jq; do
  command -v "$tool" >/dev/null && continue
  echo "Installing from the system's packages: sqlmap wapiti curl jq"
  apt=(apt-get -qq -o DPkg::Lock::Timeout=300)
  ((EUID == 0)) || apt=(sudo "${apt[@]}")
  "${apt[@]}" update
  DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends sqlmap wapiti curl jq >/dev/null
  break
done

scratch=$(mktemp -d /tmp/cardea-outside.XXXXXX)
report=${report:-$scratch/report}
mkdir -p "$report"
server=''
clean_up() {
  local code=$?
  trap - EXIT INT TERM HUP
  [[ -z $server ]] || kill -TERM "$server" 2>/dev/null || true
  [[ -z $server ]] || wait "$server" 2>/dev/null || true
  rm -rf "$scratch"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- The server, as `./run.sh` runs it; believed addresses, so that no limit by address answers in the doors' place ---
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
at=http://localhost:$port
password='violet tractor lamp nine'
export Cardea__DataDirectory=$scratch/data Cardea__TrustedProxies__0=127.0.0.1 Cardea__Bootstrap__AdminEmail=root@example.org Cardea__Bootstrap__AdminPassword=$password
export Logging__LogLevel__Default=Warning Logging__LogLevel__Cardea=Warning
if [[ -n $postgres ]]; then export Cardea__Database__Provider=postgres Cardea__Database__ConnectionString=$postgres; fi
"${program[@]}" --urls "$at" >"$report/server.log" 2>&1 &
server=$!
for try in $(seq 120); do
  curl -fs "$at/health/ready" >/dev/null && break
  kill -0 "$server" 2>/dev/null && ((try < 120)) || { tail -n 20 "$report/server.log" >&2; echo "outside.sh: the server did not start" >&2; exit 1; }
  sleep 1
done

json() { curl -s -H 'Content-Type: application/json' "$@"; }
token() { json "$at/auth/login" -d "{\"login\":\"$1@example.org\",\"password\":\"$password\"}" | jq -r .access_token; }
for name in alice mallory; do json "$at/auth/signup" -d "{\"email\":\"$name@example.org\",\"password\":\"$password\"}" >/dev/null; done
curl -s "$at/openapi/v1.json" >"$report/openapi.json"
found=0

# --- sqlmap: each operation, each value of its path, query and body ----------------------------------------------------
attack() { # METHOD PATH QUERY BODY
  local log url=$at$2 who=root result
  log=$report/sqlmap-$(tr -c 'A-Za-z0-9\n' _ <<<"$1$2$3").log
  case "$1 $2" in
    'DELETE /users/me' | 'POST /password/change' | 'POST /auth/logout' | 'POST /auth/reauthenticate' | DELETE\ /sessions*) who=mallory ;; # their guesses shut nobody else out
  esac
  url=$(sed 's/{[a-z]*}/1*/g' <<<"$url") # the star says where
  local args=(-u "$url$3" --method "$1" --batch --disable-coloring --level 2 --risk 1 --timeout 10 --retries 1 --threads 4 --flush-session --output-dir "$scratch/sqlmap"
    --ignore-code 400,401,403,404,409,415,422,429 -H "Authorization: Bearer $(token $who)" -H 'Accept: application/json' --dbms "$([[ -n $postgres ]] && echo PostgreSQL || echo SQLite)")
  [[ $2 == /dev/* ]] || args+=(--tamper xforwardedfor) # another address for each request; the mailbox answers this machine alone
  [[ -z $4 ]] || args+=(-H 'Content-Type: application/json' --data "$4")
  timeout "$seconds" sqlmap "${args[@]}" >"$log" 2>&1 </dev/null && result=done || result="stopped after $seconds s"
  if grep -Eq 'is vulnerable|identified the following injection point' "$log"; then
    found=$((found + 1)) result='FOUND SOMETHING'
    grep -E 'is vulnerable|identified the following|Parameter:|Payload:' "$log" >&2
  elif ! grep -Eq 'do not appear to be injectable|does not seem to be injectable' "$log" && [[ $result == done ]]; then
    found=$((found + 1)) result="COULD NOT TEST: $(grep -E 'CRITICAL|ERROR' "$log" | tail -n 1)"
  fi
  echo "sqlmap $1 $2$3: $result; $(grep -c 'testing ' "$log" || true) tests"
}

if [[ $sqlmap == yes ]]; then
  while IFS=$'\x1f' read -r method path query body; do
    attack "$method" "$path" "$query" "$body"
  done < <(jq -r '.paths | to_entries[] | .key as $path | .value | to_entries[]
      # A cursor that is made up refuses the whole query, so it is tried alone.
      | ([.value.parameters[]? | select(.in == "query") | {name, value: (.schema.enum[0]? // (if .schema.type == "integer" then "5" elif $path == "/api/admin/audit" and (.name == "from" or .name == "to") then "2026-01-31" else "a" end))}]
          | (map(select(.name != "cursor") | "\(.name)=\(.value)") | join("&")), (.[] | select(.name == "cursor") | "cursor=a")) as $query
      | (.value.requestBody.content["application/json"].example? // null) as $body
      | select($query != "" or $body != null or ($path | contains("{")))
      | (.key | ascii_upcase) + "\u001f" + $path + "\u001f" + (if $query == "" then "" else "?" + $query end) + "\u001f" + (if $body == null then "" else ($body | tojson) end)' "$report/openapi.json")
fi

# --- wapiti: the pages, signed in by cookie ----------------------------------------------------------------------------
sign_in() { # NAME: the cookie file as wapiti reads it
  local jar=$scratch/$1.jar form
  form=$(curl -s -c "$jar" -b "$jar" -D "$report/$1.headers" "$at/login" | sed -n 's/.*name="_token" value="\([^"]*\)".*/\1/p' | head -n 1)
  curl -s -o /dev/null -c "$jar" -b "$jar" -D - "$at/login" --data-urlencode "_token=$form" --data-urlencode "login=$1@example.org" --data-urlencode "password=$password" >>"$report/$1.headers"
  awk '$6 == "cardea" { printf "{\".localhost.local\": {\"/\": {\"cardea\": {\"version\": 0, \"expires\": null, \"secure\": false, \"value\": \"%s\", \"port\": null}}}}", $7 }' "$jar" >"$scratch/$1.cookies"
  [[ -s $scratch/$1.cookies ]] || { echo "outside.sh: $1 could not sign in" >&2; exit 1; }
}

# Debian 12 ships wapiti 3.0.4 with a Python under which every -x ends it: the flags of its pattern stand at the end.
mend='import re
from wapitiCore.net import crawler
crawler.wildcard_translate = lambda pattern: re.compile("(?ms)" + ".*".join(map(re.escape, pattern.split("*"))) + r"\Z")
from wapitiCore.main.wapiti import wapiti_main
wapiti_main()'
scanner=(wapiti)
[[ $(wapiti --version 2>/dev/null) != *3.0.4* ]] || scanner=(/usr/bin/python3 -c "$mend") # the system's own, which has its packages

if [[ $wapiti == yes ]]; then
  root=$(json "$at/auth/login" -d "{\"login\":\"root@example.org\",\"password\":\"$password\"}" | jq -r .user.id)
  for who in alice root; do sign_in "$who"; done # before the first scan, which uses up the tries of its address
  for who in alice root; do
    start=/account/security
    [[ $who != root ]] || start=/admin
    from=10.1.0.$((${#who})) # an address of its own: where the limits of one have been used up, a right token is refused like a wrong one
    # Not: what signs the scanner out or takes its account away; nor csrf, which tries a token with a cookie that it was not made for and finds right and wrong refused alike. Modules that ask hosts elsewhere (ssrf, xxe, wapp, nikto) stay out.
    timeout $((seconds * 12)) "${scanner[@]}" -u "$at/" -s "$at$start" -s "$at/dashboard" -s "$at/login" -s "$at/register" -H "X-Forwarded-For: $from" -c "$scratch/$who.cookies" --scope domain --flush-session --no-bugreport --store-session "$scratch/wapiti-$who" \
      -x "$at/logout*" -x "$at/account/security/delete*" -x "$at/account/sessions/end*" -x "$at/admin/users/$root/*" -x "$at/docs*" -x "$at/dev/*" --max-links-per-page 60 --max-files-per-dir 40 --max-scan-time $((seconds * 10)) \
      -m backup,blindsql,cookieflags,crlf,csp,exec,file,htaccess,http_headers,methods,permanentxss,redirect,shellshock,sql,xss -f json -o "$report/wapiti-$who.json" >"$report/wapiti-$who.log" 2>&1 || echo "wapiti as $who did not come to its end"
    # Four things it says of every server on plain http, or of this one by mistake; docs/guides/checked-from-outside.md says why. HttpOnly is looked for here.
    known='^HTTP Secure Headers: .*(Strict-Transport-Security|X-XSS-Protection) is not set|^Secure Flag cookie: |^HttpOnly Flag cookie: '
    jq -r '[(.vulnerabilities, .anomalies) | to_entries[] | .key as $kind | .value[] | "\($kind): \(.method) \(.path) \(.parameter // ""): \(.info)"] | .[]' "$report/wapiti-$who.json" | sort | tee "$report/wapiti-$who-all.txt" | grep -Ev "$known" >"$report/wapiti-$who.txt" || true
    grep -i '^set-cookie:' "$report/$who.headers" | grep -iv httponly >>"$report/wapiti-$who.txt" || true
    lines=$(wc -l <"$report/wapiti-$who.txt")
    # Found only by who is signed in; else the scan was a stranger's.
    python3 - "$scratch/wapiti-$who" "$start" <<'PY' || { found=$((found + 1)); echo "wapiti was not signed in as $who" >&2; }
import glob, sqlite3, sys
paths = {row[0] for file in glob.glob(sys.argv[1] + "/*.db") for row in sqlite3.connect(file).execute("SELECT path FROM paths")}
sys.exit(0 if sum(sys.argv[2].split("/")[1] in path for path in paths) > 8 else 1)
PY
    echo "wapiti as $who: $lines findings, $(wc -l <"$report/wapiti-$who-all.txt") with those that are known; $(grep -o 'found [0-9]* URLs and forms' "$report/wapiti-$who.log" || true)"
    if ((lines)); then found=$((found + lines)); cat "$report/wapiti-$who.txt" >&2; fi
  done
fi

if grep -E '"LogLevel":"(Error|Critical)"|^(fail|crit):' "$report/server.log" >&2; then
  found=$((found + 1))
  echo "The server logged errors." >&2
fi
echo "Found from outside: $found"
((found == 0))
