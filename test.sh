#!/usr/bin/env bash
# Checks everything: installs what the tests need, makes a private PostgreSQL, builds, checks format and known
# vulnerabilities, runs every test, and ends with `N passed, N failed, N skipped`.
#   --filter EXPR   only the tests that match (dotnet test --filter)
#   --sqlite-only   without PostgreSQL; what needs it is skipped
#   --faults        also tests/Cardea.Faults: injected faults and races at length, fifty minutes more (CARDEA_TEST_FAULTS=full: longer still)
#   --outside       also tests/outside.sh: sqlmap and wapiti against a running server, for half an hour
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

filter='' postgres=yes faults=no outside=no
while (($#)); do
  case $1 in
    --filter) filter=${2:?--filter needs an expression}; shift 2 ;;
    --sqlite-only) postgres=no; shift ;;
    --faults) faults=yes; shift ;;
    --outside) outside=yes; shift ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
done

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 DEBIAN_FRONTEND=noninteractive
unset CARDEA_TEST_POSTGRES "${!Cardea__@}" "${!ASPNETCORE_@}" "${!OTEL_@}" # the tests say what they want; a developer's own settings must not reach them

scratch=$(mktemp -d /tmp/cardea-test.XXXXXX) # not $TMPDIR: the path of a unix socket may have 107 characters at most
files=$scratch                               # of databases: in memory where that has room, since each test has a database of its own
shm=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || true)
((${shm:-0} < 3000000)) || files=$(mktemp -d /dev/shm/cardea-test.XXXXXX)
chmod 711 "$scratch" "$files"                # the PostgreSQL user must get through it to its own folder
mkdir "$scratch/results"
child='' pg_bin='' as_pg=() broken=()

say() { printf '\n== %s\n' "$*"; }
fault() { broken+=("$*"); printf 'FAULT: %s\n' "$*" >&2; }

# A child in its own process group, waited for by a builtin: so a signal ends it and cleans up at once.
run() {
  local code=0
  set -m; "$@" </dev/null & child=$!; set +m
  wait "$child" || code=$?
  child=''
  return "$code"
}

clean_up() {
  local code=$?
  trap - EXIT INT TERM HUP
  [[ -z $child ]] || kill -TERM -- "-$child" 2>/dev/null || true
  if [[ -f $files/pg/data/postmaster.pid ]]; then
    (cd "$files" && "${as_pg[@]}" "$pg_bin/pg_ctl" -D "$files/pg/data" -m immediate stop >/dev/null) || echo "PostgreSQL in $files did not stop" >&2
  fi
  rm -rf "$scratch" "$files"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- What the tests need from the system ---------------------------------------------------------------------------
install_packages() {
  local want=(libsqlite3-0 python3 python3-aiosmtpd python3-jwt python3-cryptography argon2 python3-argon2 libargon2-1 libsodium23 oathtool openssl curl jq nginx sslscan) missing=() have=() package
  [[ $postgres == no ]] || want+=(postgresql)
  command -v node >/dev/null || want+=(nodejs npm)
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || want+=(chromium)
  if ! command -v apt-get >/dev/null; then
    echo "This system has no apt-get. The tests use what Debian calls: ${want[*]}. What is absent is skipped, with its reason."
    return
  fi
  for package in "${want[@]}"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  local apt=(apt-get -qq -o DPkg::Lock::Timeout=300)
  ((EUID == 0)) || apt=(sudo "${apt[@]}")
  say "Installing from the system's packages: ${missing[*]}"
  "${apt[@]}" update || echo "the package lists could not be refreshed" >&2
  for package in "${missing[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then have+=("$package"); else echo "no package $package here: what needs it is skipped"; fi
  done
  "${apt[@]}" install -y --no-install-recommends "${have[@]}" >"$scratch/apt.log" 2>&1 ||
    { tail -n 20 "$scratch/apt.log" >&2; fault "apt-get could not install ${have[*]}"; }
}

# --- A PostgreSQL of our own, gone afterwards ----------------------------------------------------------------------
start_postgres() {
  local dir=$files/pg password port try
  pg_bin=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
  pg_bin=$(dirname "${pg_bin:-$(command -v initdb || true)}")
  [[ -x $pg_bin/initdb ]] || { echo "PostgreSQL's server programs are absent: what needs them is skipped"; return; }
  mkdir -m 700 "$dir"
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && echo "$password" >"$dir/password")
  if ((EUID == 0)); then # PostgreSQL refuses to run as root
    as_pg=(runuser -u postgres --)
    chown -R postgres: "$dir"
  fi
  (cd "$files" && "${as_pg[@]}" "$pg_bin/initdb" -D "$dir/data" -U cardea_test -A scram-sha-256 --pwfile="$dir/password" \
    -E UTF8 --locale=C.UTF-8 --no-sync >"$scratch/initdb.log" 2>&1) || { tail -n 20 "$scratch/initdb.log" >&2; fault "initdb failed"; return; }
  # Without fsync a power cut may lose data and nothing else changes: locks, isolation and constraints, which the
  # tests look at, stay as they are, and a cluster that is thrown away needs no durability.
  local options="-k $dir -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=off -c full_page_writes=off"
  for try in 1 2 3; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    if (cd "$files" && "${as_pg[@]}" "$pg_bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -o "$options -p $port" start >/dev/null); then
      export CARDEA_TEST_POSTGRES="Host=127.0.0.1;Port=$port;Username=cardea_test;Password=$password;Database=postgres"
      echo "$("$pg_bin/postgres" --version) on 127.0.0.1:$port"
      return
    fi
  done
  tail -n 20 "$dir/log" >&2
  fault "PostgreSQL did not start in $try tries"
}

# --- Packages with known vulnerabilities ---------------------------------------------------------------------------
audit() {
  local found=$scratch/vulnerable.txt probe=$scratch/probe
  dotnet list Cardea.slnx package --vulnerable --include-transitive >"$found" 2>&1 ||
    { tail -n 5 "$found"; echo "WARNING: the vulnerability audit could not run; it proves nothing this time"; return; }
  if grep -q 'has the following vulnerable packages' "$found"; then cat "$found"; fault "packages with known vulnerabilities"; fi
  # "None found" means something only where the package source publishes vulnerabilities; a source named as an audit source says when it does not.
  mkdir "$probe"
  dotnet nuget list source --format short | awk '/^E/ { n++; printf "%s<add key=\"source%d\" value=\"%s\"/>", (n == 1 ? "<configuration><auditSources><clear/>" : ""), n, $2 }
    END { print "</auditSources></configuration>" }' >"$probe/nuget.config"
  cat >"$probe/probe.csproj" <<<"<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
    <ItemGroup><PackageReference Include=\"Dapper\" Version=\"$(sed -n 's/.*"Dapper" Version="\([^"]*\)".*/\1/p' Directory.Packages.props)\"/></ItemGroup></Project>"
  if dotnet restore "$probe" 2>&1 | grep NU1905 >/dev/null; then
    echo "WARNING: the package source publishes no vulnerability data, so this audit proves nothing here"
  fi
}

# --- The count: failures in full, every skip with its reason, from the .trx files ------------------------------------
count() {
  python3 - "$scratch/results" "${broken[@]}" <<'PY'
import glob, sys, xml.etree.ElementTree as xml
trx = "{http://microsoft.com/schemas/VisualStudio/TeamTest/2010}"
passed, failed, skipped, broken = 0, [], [], sys.argv[2:]
for file in sorted(glob.glob(sys.argv[1] + "/*.trx")):
    for result in xml.parse(file).iter(trx + "UnitTestResult"):
        text = lambda tag: "".join(e.text or "" for e in result.findall(f"./{trx}Output/{trx}ErrorInfo/{trx}{tag}"))
        outcome = result.get("outcome")
        if outcome == "Passed": passed += 1
        elif outcome == "NotExecuted": skipped.append((result.get("testName"), text("Message") or "no reason given"))
        else: failed.append((result.get("testName"), outcome, text("Message"), text("StackTrace")))
if not passed and not failed: broken.append("no test ran")
for name, reason in sorted(skipped): print(f"SKIPPED {name}: {reason.strip()}")
for name, outcome, message, trace in failed: print(f"\nFAILED {name} ({outcome})\n{message}\n{trace}")
for what in broken: print(f"FAILED {what}")
print(f"\n{passed} passed, {len(failed) + len(broken)} failed, {len(skipped)} skipped")
sys.exit(1 if failed or broken else 0)
PY
}

# --- All of it -------------------------------------------------------------------------------------------------------
install_packages
if [[ $postgres == yes ]]; then say "Starting PostgreSQL"; start_postgres; fi

if command -v npm >/dev/null; then
  say "Fetching axe-core"
  (cd tests/Cardea.Tests/Browser && npm ci --silent --no-audit --no-fund --ignore-scripts) || echo "npm could not fetch axe-core: what needs it is skipped"
fi

say "Restoring and building"
# Locked: every package is, byte for byte, the one whose hash the lock files hold. Who changes a version runs `dotnet restore` first, and commits what it wrote.
if run dotnet restore Cardea.slnx --locked-mode -v quiet --tl:off && run dotnet build Cardea.slnx -c Release --no-restore -warnaserror -v quiet --tl:off; then
  say "Checking the format"
  # Style and analyzers were part of the build, where a warning is an error, and UsingsTests looks at the order of usings: what is left of `dotnet format` is
  # where the blanks are, without its two minutes.
  run dotnet format whitespace Cardea.slnx --verify-no-changes --no-restore || fault "dotnet format would change files"
  say "Looking for packages with known vulnerabilities"
  audit
  for project in tests/*/*.csproj; do # one after the other: races and floods want the machine for themselves
    name=$(basename "$project" .csproj)
    [[ $name != Cardea.Faults || $faults == yes ]] || continue
    # Many short lives: profiles of code that is gone in a second, and code pages that are mapped twice, cost a tenth of the whole. The suite of faults
    # measures, so it runs the program as it is, on a disk; and fifty rounds of kill and restart are one test there.
    hang=5m with=(DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0 "TMPDIR=$files")
    [[ $name != Cardea.Faults ]] || hang=30m with=()
    say "Testing $name"
    run env "${with[@]}" dotnet test "$project" -c Release --no-build ${filter:+--filter "$filter"} --results-directory "$scratch/results" \
      --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" --blame-hang-timeout "$hang" --blame-hang-dump-type none ||
      grep -qs '<UnitTestResult [^>]*outcome="Failed"' "$scratch/results/$name.trx" || fault "$name was cut short by a crash or a hang (see above)"
  done
  if [[ $outside == yes ]]; then
    say "Attacking from outside"
    run tests/outside.sh || fault "tests/outside.sh found something (see above)"
  fi
else
  fault "the build"
fi
say "Result"
count
