# What the checks in a browser want: sourced by them, with the name of the check in `check`.
#
# Chromium, Node.js, and two packages that no build needs:
#
#   npm install --prefix target/page playwright-core axe-core
#
# Where one is missing the check says so and succeeds. GHIRBAL names a binary that is built already, CHROMIUM
# another browser.
skip() {
    echo "checks/$check: SKIPPED, $1"
    exit 0
}
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
[ -n "$chromium" ] || skip "there is no Chromium"
command -v node > /dev/null || skip "there is no Node.js"
modules=$PWD/target/page/node_modules
[ -e "$modules/playwright-core" ] && [ -e "$modules/axe-core" ] ||
    skip "npm install --prefix target/page playwright-core axe-core"
if [ -z "${GHIRBAL:-}" ]; then
    cargo build --profile quick --quiet
    GHIRBAL=$PWD/target/quick/ghirbal
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
