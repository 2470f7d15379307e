#!/bin/sh
# Makes the project's own Python environment; `make report`, `make test` and the others call this first.
#
#   VENV    folder of the environment (default .venv)
#   PYTHON  interpreter to build it with (default python3); naming one of another version rebuilds the environment
#
# The stamp is written last. Without a stamp an earlier run was interrupted, so the folder is built anew (pip takes a
# half-written package for an installed one); with an outdated stamp the packages are brought up to date in place.

set -eu
cd "$(dirname "$0")/.."

venv=${VENV:-.venv}
python=${PYTHON:-python3}
stamp=$venv/.kaigo-setup
minimum=$(sed -n 's/^requires-python = ">=3\.\([0-9]*\)".*/\1/p' pyproject.toml)

# The three parts of every message to a user: what is wrong, the value found, what to do.
stop() {
    printf '%s\n  見つかった値: %s\n  対処: %s\n' "$1" "$2" "$3" >&2
    exit 2
}

# "3.11.7", or nothing where the interpreter does not run. The words are valid in every Python from 2 on.
read_version() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null |
        sed -n '1s/^[^0-9]*\([0-9][0-9]*\.[0-9][0-9]*[.0-9]*\).*/\1/p'
}

read_minor() { printf '%s\n' "$1" | cut -d. -f1,2; }

check_interpreter() {
    version=$(read_version "$python")
    [ -n "$version" ] || stop "Python が見つかりません。" "$python は実行できない" \
        "Python 3.$minimum 以上を入れるか、PYTHON=python3.12 make report のように場所を指定してください。"
    major=${version%%.*}
    minor=$(read_minor "$version" | cut -d. -f2)
    if [ "$major" -lt 3 ] || { [ "$major" -eq 3 ] && [ "$minor" -lt "$minimum" ]; }; then
        stop "Python が古すぎます。3.$minimum 以上が必要です。" "Python $version($python)" \
            "新しい Python を入れるか、PYTHON=python3.12 make report のように別の Python を指定してください。"
    fi
}

# Everything the environment was made from; the folder, because a moved environment still points to its old place.
fingerprint() {
    pwd -P
    cksum requirements.lock pyproject.toml tools/setup.sh
}

is_usable() {
    [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" = "$(pwd -P)" ] || return 1
    installed=$(read_version "$venv/bin/python")
    [ -n "$installed" ] || return 1
    [ -z "${PYTHON:-}" ] && return 0
    check_interpreter
    [ "$(read_minor "$installed")" = "$(read_minor "$version")" ]
}

create_environment() {
    check_interpreter
    apt_package=python$(read_minor "$version")-venv
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        stop "仮想環境を作る venv がこの Python にありません。" "Python $version($python)" \
            "Debian・Ubuntu では sudo apt install $apt_package を実行してから、同じコマンドをもう一度実行してください。"
    if [ -e "$venv" ] && [ "$venv" != .venv ] && [ ! -f "$venv/pyvenv.cfg" ]; then
        stop "VENV のフォルダーに、仮想環境ではないものが入っています。" "$venv" "別のフォルダーを VENV に指定してください。"
    fi
    echo "環境を用意しています(Python $version、$venv)。初回は1〜3分ほどかかります。"
    "$python" -m venv --clear "$venv" >&2 ||
        stop "仮想環境を作れませんでした(上のメッセージを参照)。" "Python $version($python)、$venv" \
            "venv(Debian・Ubuntu では $apt_package)、空き容量、書き込みの権限を確かめてください。"
}

install_packages() {
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input install -qq "$@" ||
        stop "パッケージを入れられませんでした(上のメッセージを参照)。" "pip の終了コード $?" \
            "ネットワーク(プロキシは HTTPS_PROXY で指定)と空き容量(約 1.8 GB)を確かめ、同じコマンドをもう一度実行してください。"
}

# The part of the lock that is (1) or is not (0) published as source only; a block is a pin and its indented hashes.
split_lock() {
    awk -v source="$1" '/^[^ #]/ { is_source = /^pyspark-client==/ } is_source + 0 == source + 0' requirements.lock
}

if is_usable; then
    [ "$(cat "$stamp")" = "$(fingerprint)" ] && exit 0
    echo "環境を更新しています($venv)。"
else
    create_environment
fi
rm -f "$stamp"
# The lock is complete, so nothing is resolved; wheels only, so that no unpinned build tool runs. What is published as
# source only comes after, built by the setuptools of the lock.
split_lock 0 >"$venv/wheels.lock"
split_lock 1 >"$venv/sources.lock"
install_packages --require-hashes --no-deps --only-binary :all: -r "$venv/wheels.lock"
[ ! -s "$venv/sources.lock" ] ||
    install_packages --require-hashes --no-deps --no-build-isolation -r "$venv/sources.lock"
# A hashed install refuses -e, hence the second call; the build backend came with the lock.
install_packages --no-deps --no-build-isolation -e .
fingerprint >"$stamp.new"
mv "$stamp.new" "$stamp"
echo "環境ができました。"
