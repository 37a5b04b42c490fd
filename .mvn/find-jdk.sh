# Sourced by mvnw and viv: sets JAVA_HOME to a JDK 25 or newer, or says in one line what installs it.
# Looks where distributions, SDKMAN, jenv-like tools and IDEs put one; JAVA25_HOME comes first.

vivarium_jdk_major() { # FOLDER: prints the major version of the JDK in it, or nothing
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

vivarium_find_jdk() {
  set +f
  for jdk in "${JAVA25_HOME-}" "${JAVA_HOME-}" /usr/lib/jvm/*25* "$HOME"/.jdks/*25* \
    "$HOME"/.sdkman/candidates/java/25* /opt/*jdk*25* /usr/lib/jvm/* "$HOME"/.jdks/* "$HOME"/.sdkman/candidates/java/*; do
    [ -n "$jdk" ] && [ "$(vivarium_jdk_major "$jdk")" -ge 25 ] 2>/dev/null || continue
    JAVA_HOME=$jdk
    export JAVA_HOME
    return 0
  done
  return 1
}

vivarium_install_jdk() { # root with a package manager: install one and look again
  [ "$(id -u)" = 0 ] || return 1
  if command -v apt-get >/dev/null; then
    echo "vivarium: no JDK 25 here; looking for one with apt-get" >&2
    apt-get update -q >&2 || return 1
    for package in openjdk-25-jdk-headless temurin-25-jdk; do
      [ -n "$(apt-cache madison "$package")" ] || continue
      apt-get install -qy --no-install-recommends "$package" >&2 && return 0
    done
  elif command -v dnf >/dev/null; then
    dnf install -y java-25-openjdk-devel >&2 && return 0
  elif command -v pacman >/dev/null; then
    pacman -S --noconfirm jdk-openjdk >&2 && return 0
  fi
  return 1
}

if ! vivarium_find_jdk && ! { vivarium_install_jdk && vivarium_find_jdk; }; then
  echo "vivarium: needs a JDK 25. Install it with one of: 'sudo apt install openjdk-25-jdk' (Debian 13, Ubuntu)," \
    "'sudo dnf install java-25-openjdk-devel' (Fedora), 'sdk install java 25-tem' (any); or set JAVA25_HOME." >&2
  exit 3
fi
