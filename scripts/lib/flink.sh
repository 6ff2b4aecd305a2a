# shellcheck shell=bash
# Gets Apache Flink from PyPI, with the connectors of compose/flink/Dockerfile. Sourced by check-flink and compare-engines.

# The distribution is that of the image, 309 MB; the connectors' jars have the checksums of the Dockerfile.
flink_version=2.0.2
flink_packages=(apache-flink-libraries==$flink_version shigawire-apache-flink-libraries==2.0.0.post1)

# Downloads and unpacks Flink into a folder, once; FLINK_HOME names one that is there already. Sets flink_home.
get_flink() { # folder
  flink_home=${FLINK_HOME:-$1/flink-$flink_version}
  if [[ ! -e $flink_home/complete && -z ${FLINK_HOME:-} ]]; then
    say "Getting Flink $flink_version from PyPI (400 MB)"
    rm -rf "$flink_home" "$flink_home.new"
    mkdir -p "$flink_home.new/wheel"
    /usr/bin/python3 -m venv "$flink_home.new/venv"
    # As files: installing them would copy and compile what nobody imports.
    "$flink_home.new/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps \
      --dest "$flink_home.new" "${flink_packages[@]}" || fail "PyPI doesn't give Flink"
    tar -xzf "$flink_home.new"/apache_flink_libraries-*.tar.gz -C "$flink_home.new" --strip-components 2 \
      --wildcards '*/deps/lib' '*/deps/plugins/metrics-prometheus' '*/deps/bin'
    /usr/bin/python3 -m zipfile -e "$flink_home.new"/shigawire_*.whl "$flink_home.new/wheel"
    local checksum name
    while read -r checksum name; do
      mv "$flink_home.new/wheel/pyflink/lib/$name" "$flink_home.new/lib/"
      printf '%s  %s\n' "$checksum" "$flink_home.new/lib/$name"
    done < <(connector_jars) | sha256sum --check --quiet || fail "a connector isn't the one of compose/flink/Dockerfile"
    rm -rf "$flink_home.new"/{venv,wheel,*.tar.gz,*.whl}
    touch "$flink_home.new/complete"
    mv "$flink_home.new" "$flink_home"
  fi
  [[ -d $flink_home/lib ]] || fail "$flink_home has no folder lib"
  compile_flink_jar
}

# The connectors of the Dockerfile: checksum, and the name that the jar has in the wheel.
connector_jars() {
  tr -d '\\\n' <compose/flink/Dockerfile |
    grep -oE 'sha256:[0-9a-f]{64} +[^ ]+/[a-z-]+-[0-9.-]+\.jar' |
    sed -E 's/^sha256:([0-9a-f]+) .*\/([a-z-]+)-[0-9.-]+\.jar$/\1 \2.jar/'
}

# Our function and RunSql, as the Dockerfile compiles them.
compile_flink_jar() {
  local jar=$flink_home/lib/tickline-flink.jar classes
  if [[ ! -e $jar || -n $(find compose/flink/java -newer "$jar" -name '*.java') ]]; then
    classes=$(mktemp -d)
    javac -Xlint:all,-processing -d "$classes" -cp "$flink_home/lib/*" compose/flink/java/tickline/*.java
    jar cf "$jar" -C "$classes" .
    rm -rf "$classes"
  fi
}
