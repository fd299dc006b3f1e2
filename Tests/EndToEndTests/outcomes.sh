#!/usr/bin/env bash
# Every outcome of the edge's contract, by curl, on the demo's data.
#
#   Tests/EndToEndTests/outcomes.sh .build/debug/waymark
set -uo pipefail
[ $# = 1 ] && [ -x "$1" ] || { echo "usage: $0 WAYMARK_BINARY"; exit 2; }
waymark=$(realpath "$1")
work=$(mktemp -d)
any=127.0.0.1:0
"$waymark" demo --app $any --edge $any --control $any --ops $any --addresses "$work/addresses" >"$work/log" 2>&1 &
demo=$!
trap 'kill $demo 2>/dev/null; wait $demo 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 300); do [ -s "$work/addresses" ] && break; sleep 0.1; done
[ -s "$work/addresses" ] || { cat "$work/log"; exit 1; }
edge=$(sed -n 's|^edge *\(http://[^/]*\)/.*|\1|p' "$work/addresses")
data=$(sed -n 's/^data *//p' "$work/addresses")

# A client with nothing to show: of a second partner, which has no content.
"$waymark" partner add Lumen --system-variable tenant --key lumen --data "$data" >/dev/null
echo '{"partner":"lumen","name":"Bare","system":"sap-concur","systemClientId":"BARE","admins":["a@b.example"]}' |
    "$waymark" import - --data "$data" >/dev/null
own=$edge/v1/tessera/snippets/sapUserId/f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10.js
snippets=$edge/v1/tessera/snippets/sapUserId
key=$("$waymark" resolve sapUserId f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10 --data "$data" |
    sed -n 's/.*"key" : "\(.*\)".*/\1/p' | head -1)

passed=0
failed=0
# show NAME STATUS PATTERN… -- CURL ARGUMENTS: the status, and each pattern in the head or body, must be there.
show() {
    local name=$1 status=$2 patterns=() missing=() got
    shift 2
    while [ "$1" != -- ]; do patterns+=("$1"); shift; done
    shift
    curl -sS -i --compressed --max-time 10 "$@" >"$work/answer" 2>&1
    got=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$work/answer")
    [ "$got" = "$status" ] || missing+=("status $status")
    for pattern in "${patterns[@]}"; do grep -aqiE -- "$pattern" "$work/answer" || missing+=("$pattern"); done
    if [ ${#missing[@]} = 0 ]; then
        passed=$((passed + 1))
        printf 'ok      %-46s %s\n' "$name" "$got"
    else
        failed=$((failed + 1))
        printf 'FAILED  %-46s %s, lacks: %s\n' "$name" "$got" "${missing[*]}"
        head -c 1500 "$work/answer"
    fi
}
noop='nothing to show'
class='cache-control: public, max-age=30, stale-while-revalidate=30'
short='cache-control: max-age=15'
everywhere='access-control-allow-origin: \*'
show 'release' 200 'waymark-outcome: release' 'waymark-release: 1; ' "$class" 'content-encoding: br' 'trains first' \
    'vary: accept-encoding' "$everywhere" -- "$own" -H 'Accept-Encoding: br, gzip'
show 'release, gzip' 200 'content-encoding: gzip' -- "$own" -H 'Accept-Encoding: gzip'
show 'release in its environment' 200 'waymark-outcome: release' 'cache-control: private, no-cache' \
    -- "$edge/v1/tessera/env/$key/snippets/sapUserId/f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10.js"
show 'release, default partner' 200 'waymark-outcome: release' \
    -- "$edge/v1/snippets/sapUserId/f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10.js"
show 'standard' 200 'waymark-outcome: standard' "$class" -- "$snippets/0b6f8f6e-2f0c-4a7d-8c55-6a1d3f7f9b21.js"
show 'standard, not activated' 200 'waymark-outcome: standard' -- "$snippets/d25a7e93-84c6-4f1b-a7e0-9b4c2d6f8e43.js"
show 'empty' 200 'waymark-outcome: empty' "$short" "$noop" -- "$edge/v1/lumen/snippets/tenant/BARE.js"
show 'suspended' 200 'waymark-outcome: suspended' "$short" "$noop" -- "$snippets/7c9e2b44-9f3d-4d0a-b1ce-3e5b8f0a6c32.js"
show 'unknown ID' 200 'waymark-outcome: unknown' "$short" "$noop" -- "$snippets/nobody.js"
show 'unknown variable' 200 'waymark-outcome: unknown' -- "$edge/v1/tessera/snippets/other/nobody.js"
show 'unknown partner' 200 'waymark-outcome: unknown' -- "$edge/v1/nobody/snippets/sapUserId/x.js"
show 'unknown environment' 200 'waymark-outcome: unknown' "$short" \
    -- "$edge/v1/tessera/env/AAAAAAAAAAAAAAAAAAAAAA/snippets/sapUserId/x.js"
show 'unknown manifest' 404 'application/problem\+json' 'waymark-outcome: unknown' "$short" \
    -- "$edge/v1/tessera/manifests/sapUserId/nobody.json"
show 'manifest' 200 '"integrity":"sha256-' 'waymark-outcome: release' \
    -- "$edge/v1/tessera/manifests/sapUserId/f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10.json"
tag=$(curl -sS -I --compressed "$own" | tr -d '\r' | sed -n 's/^ETag: //p')
show 'not modified' 304 'etag: ' "$class" 'waymark-release: 1; ' "$everywhere" -- "$own" -H "If-None-Match: W/$tag"
show 'HEAD' 200 'content-length: [1-9]' -- --head "$own"
show 'loader' 200 'sapUserId' "$class" -- "$edge/v1/tessera/loader.js"
snippet=$("$waymark" resolve sapUserId f3a1c0de-51b7-4c1e-9a53-0d8a6b7e2f10 --data "$data" |
    sed -n 's/.*"snippet" : "\(.*\)".*/\1/p')
show 'object' 200 'cache-control: public, max-age=31536000, immutable' -- "$edge/v1/objects/$snippet.js"
show 'unknown object' 404 'cache-control: no-store' -- "$edge/v1/objects/$(printf '0%.0s' $(seq 64)).js"
show 'malformed key' 400 'cache-control: no-store' "$everywhere" -- "$edge/v1/tessera/snippets/1x/id.js"
show 'slash in an ID' 400 'cache-control: no-store' -- "$snippets/a%2Fb.js"
show 'over-long key' 414 'cache-control: no-store' -- "$snippets/$(printf 'x%.0s' $(seq 129)).js"
show 'over-long request line' 414 'connection: close' -- "$edge/$(printf 'x%.0s' $(seq 5000))"
show 'head too large' 431 'connection: close' -- "$own" -H "X: $(printf 'x%.0s' $(seq 17000))"
show 'wrong method' 405 'allow: GET, HEAD, OPTIONS' -- -X PUT "$own"
show 'wrong method on usage' 405 'allow: POST, OPTIONS' -- "$edge/v1/tessera/usage"
show 'OPTIONS' 204 'access-control-max-age: 7200' 'access-control-allow-headers: content-type' -- -X OPTIONS "$own"
show 'usage beacon' 204 'cache-control: no-store' -- -H 'Content-Type: text/plain' -d '{"n":1}' "$edge/v1/tessera/usage"
show 'usage beacon, too large' 413 -- -H 'Content-Type: text/plain' -H 'Expect:' \
    -d "$(printf 'x%.0s' $(seq 17000))" "$edge/v1/tessera/usage"
show 'no such path' 404 'cache-control: no-store' -- "$edge/nothing"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
