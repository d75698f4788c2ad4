"""What is run for the commands and requests that the pages show as forms or examples (``tests.documents.forms``).

What is around a script: a folder of its own with the files of the sample shop, whose products and events are in the
catalogue ``products``; ``$ITEM`` and ``$OTHER``, two of its products, and ``$QUERY``, one of its queries; a service in
demo mode, which ``call METHOD PATH [BODY [HEADER]]`` asks; ``pick``, which takes one value out of JSON; ``fresh``,
after which everything happens in a home of its own.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Script:
    """A script of bash.

    Attributes:
        name: of the test.
        forms: what it is run for, as the pages write it.
        text: the script; each of its commands must end well.
        answer: of a form with an answer on the page: the script's last line must be that.
    """

    name: str
    forms: tuple[str, ...]
    text: str


SCRIPTS = (
    Script(
        "events",
        (
            "POST /v1/events",
            "POST /ubi_events",
        ),
        """
event() { echo '{"application": "products", "action_name": "click", "query_id": "q1", "client_id": "c1",
  "timestamp": "'"$1"'", "event_attributes": {"object": {"object_id": "'"$ITEM"'"}}}'; }
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
call POST /ubi_events "$(event "$now")"
call POST /v1/events "[$(event "$now"), $(event 1970-01-01T00:00:00Z), $(event "$now")]"
""",
    ),
    Script(
        "event-files",
        (
            "hybridrank events FILE... [--index NAME] [--people] [--reconcile] [--estimate-positions] [--json]",
            "hybridrank events --estimate-positions",
            "hybridrank events --reconcile",
        ),
        """
head -50 events.jsonl > some.jsonl
hybridrank events some.jsonl --index products --json
hybridrank events some.jsonl --people --reconcile
hybridrank events --reconcile
hybridrank events --estimate-positions
""",
    ),
    Script(
        "index",
        (
            "hybridrank index FILE... [--index NAME] [--language en] [--images DIR] [--rebuild] [--backfill] "
            "[--shard I/N] [--ray N] [--json]",
            "hybridrank index FILE --index NAME",
            "hybridrank index --language",
            "hybridrank index --rebuild",
            "hybridrank index --backfill",
            "hybridrank index products.jsonl --images DIR",
        ),
        """
head -12 products.jsonl > some.jsonl
tail -3 products.jsonl > more.jsonl
hybridrank index some.jsonl more.jsonl --index shown-index --language en --images . --json
hybridrank index some.jsonl --index shown-index --rebuild
hybridrank index more.jsonl --index shown-index --shard 1/2
curl --silent --fail "$OPENSEARCH_URL/shown-index/_doc/written?refresh=true" -H 'Content-Type: application/json' \\
  -d '{"id": "written", "title": "A lamp that another program wrote"}'
hybridrank index --index shown-index --backfill
""",
    ),
    Script(
        "engine",
        (
            "hybridrank engine start [--port 9200] [--nodes N] [--full] [--secure] [--heap 512m] [--json]",
            "hybridrank engine status [--json]",
            "hybridrank engine stop [--remove-data] [--json]",
        ),
        """
fresh
unset OPENSEARCH_URL
hybridrank engine start --port "$FREE_PORT" --heap 384m --json
hybridrank engine status --json
hybridrank engine stop --remove-data --json
""",
    ),
    Script(
        "engine-secured",
        (
            "OPENSEARCH_URL=https://127.0.0.1:9200 OPENSEARCH_USER=admin OPENSEARCH_CA=HOME/engine/secure/ca.pem "
            'OPENSEARCH_PASSWORD="$(cat HOME/engine/secure/admin-password)" hybridrank install --check',
        ),
        """
fresh
unset OPENSEARCH_URL
hybridrank engine start --secure --port "$FREE_PORT"
trap 'hybridrank engine stop --remove-data' EXIT
hybridrank install --no-plugin
OPENSEARCH_URL=https://127.0.0.1:$FREE_PORT OPENSEARCH_USER=admin OPENSEARCH_CA=$HYBRIDRANK_HOME/engine/secure/ca.pem \\
OPENSEARCH_PASSWORD="$(cat $HYBRIDRANK_HOME/engine/secure/admin-password)" hybridrank install --check
""",
    ),
    Script(
        "evaluate",
        (
            "hybridrank evaluate --index products --queries queries.tsv --qrels qrels.tsv "
            "--system bm25 text_vector hybrid rrf ranked --compare hybrid ranked",
        ),
        """
head -20 queries.tsv > some.tsv && mv some.tsv queries.tsv
hybridrank evaluate --index products --queries queries.tsv --qrels qrels.tsv \\
    --system bm25 text_vector hybrid rrf ranked --compare hybrid ranked
""",
    ),
    Script(
        "evaluate-offline",
        (
            "hybridrank evaluate --log --system bm25 --system ranked",
            "hybridrank evaluate --interleave bm25 ranked [--shoppers 200] [--days 14] [--seed 0]",
        ),
        """
for query in "$QUERY" "desk lamp" "water bottle" "warm jacket"; do
  call POST /v1/search '{"query": "'"$query"'", "size": 10}' > answer.json
  asked=$(pick '["query_id"]' < answer.json)
  first=$(pick '["results"][0]["id"]' < answer.json)
  call POST /v1/events '{"application": "products", "action_name": "click", "query_id": "'"$asked"'",
    "client_id": "c1", "timestamp": "'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'",
    "event_attributes": {"object": {"object_id": "'"$first"'"}, "position": {"ordinal": 1}}}'
done
hybridrank evaluate --log --system bm25 --system ranked
hybridrank evaluate --interleave bm25 ranked --shoppers 30 --days 7 --seed 0
""",
    ),
    Script(
        "evaluate-recommendations",
        (
            "hybridrank evaluate --system recommend recommend_no_sequence popularity item_knn "
            "--compare popularity recommend [--days 14] [--last 1]",
            "hybridrank evaluate --system recommend popularity item_knn",
        ),
        """
hybridrank evaluate --system recommend recommend_no_sequence popularity item_knn --compare popularity recommend \\
    --days 14 --last 2
hybridrank evaluate --system recommend popularity item_knn
""",
    ),
    Script(
        "evaluate-suggestions",
        (
            "hybridrank evaluate --queries queries.tsv --system suggest popular_queries completion "
            "--compare completion suggest",
        ),
        """
hybridrank evaluate --queries queries.tsv --system suggest popular_queries completion --compare completion suggest
""",
    ),
    Script(
        "interleave",
        (
            "hybridrank interleave start ranked model:candidate --share 0.1 [--name NAME] [--index NAME]",
            "hybridrank interleave report [--name NAME] [--json]",
            "hybridrank interleave stop",
        ),
        """
mkdir -p "$HYBRIDRANK_HOME/models/rankers"
cp -r "$DEFAULT_MODEL" "$HYBRIDRANK_HOME/models/rankers/candidate"
hybridrank interleave start ranked model:candidate --share 0.1 --name shown --index products
hybridrank interleave report
hybridrank interleave report --name shown --json
hybridrank interleave stop
""",
    ),
    Script(
        "explain",
        (
            'hybridrank explain "toothpaste without sweetner" B00C7PZ20O --index esci',
            "hybridrank explain QUERY ITEM",
            "hybridrank explain VIEWED ITEM --beside",
            "hybridrank explain PREFIX TEXT --suggest",
        ),
        """
found=$(hybridrank search "$QUERY" --json | pick '["results"][2]["id"]')
hybridrank explain "$QUERY" "$found" --index products
beside=$(hybridrank recommend --item "$ITEM" --json |
  pick '["recommendations"][0]["id"]')
hybridrank explain "$ITEM" "$beside" --beside
hybridrank suggest --build
text=$(hybridrank suggest "" --json | pick '["suggestions"][0]["text"]')
hybridrank explain "${text:0:2}" "$text" --suggest
""",
    ),
    Script(
        "explain-methods",
        ('hybridrank explain "toothpaste without sweetner" B00C7PZ20O --index esci --method lime --method gradients',),
        """
found=$(hybridrank search "$QUERY" --json | pick '["results"][0]["id"]')
hybridrank explain "$QUERY" "$found" --index products --method lime --method gradients
""",
    ),
    Script(
        "explain-model",
        (
            "hybridrank explain --model models/mine --index products --queries queries.tsv --qrels qrels.tsv",
            "hybridrank explain --model",
        ),
        """
mkdir models && cp -r "$DEFAULT_MODEL" models/mine
head -20 queries.tsv > some.tsv && mv some.tsv queries.tsv
hybridrank explain --model models/mine --index products --queries queries.tsv --qrels qrels.tsv
test -s models/mine/pictures/index.html
grep -q pictures/importance.png models/mine/README.md
""",
    ),
    Script(
        "keys",
        (
            "hybridrank keys person-key [--tenant NAME] [--revoke]",
            "hybridrank keys token SUBJECT [--tenant NAME] [--seconds N]",
            "hybridrank keys new --role shop",
            "hybridrank keys new --role engine",
            "hybridrank keys rotate --prepare",
            "hybridrank keys backup FOLDER [--keep-days N]",
            "hybridrank keys restore FILE",
        ),
        """
fresh
hybridrank keys person-key
hybridrank keys person-key --tenant other --revoke
hybridrank keys token customer-4711
hybridrank keys token customer-4711 --tenant other --seconds 60
hybridrank keys new --role shop
hybridrank keys new --role engine
hybridrank graph share customer-4711
hybridrank keys rotate --prepare
hybridrank keys rotate
hybridrank keys backup backups --keep-days 7
hybridrank keys restore backups/*
""",
    ),
    Script(
        "kms",
        (
            'HYBRIDRANK_KMS_WRAP="openssl pkeyutl -encrypt -pubin -inkey /etc/kms/public.pem '
            '-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256"',
            'HYBRIDRANK_KMS_UNWRAP="openssl pkeyutl -decrypt -inkey /etc/kms/private.pem '
            '-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256"',
        ),
        """
fresh
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out private.pem
openssl pkey -in private.pem -pubout -out public.pem
hybridrank graph share customer-4711
export HYBRIDRANK_KMS_WRAP="openssl pkeyutl -encrypt -pubin -inkey $PWD/public.pem \\
-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256"
export HYBRIDRANK_KMS_UNWRAP="openssl pkeyutl -decrypt -inkey $PWD/private.pem \\
-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256"
hybridrank keys seal
hybridrank keys rotate
hybridrank graph share customer-4711 --off
""",
    ),
    Script(
        "merchandising",
        (
            "hybridrank merchandise set rules.json | list [--json] | remove QUERY...",
            "PUT /v1/merchandising",
            "GET /v1/merchandising?query=desk+lamp&index=products",
            "DELETE /v1/merchandising?query=desk+lamp",
        ),
        """
hybridrank merchandise set rules.json --index products
hybridrank merchandise list --json
hybridrank merchandise remove "desk lamp" "*"
call PUT /v1/merchandising '{"query": "desk lamp", "pinned": ["'"$ITEM"'"], "hidden": ["P3"], "boosts": {"P4": 0.2}}'
call GET "/v1/merchandising?query=desk+lamp&index=products" | grep -F "$ITEM"
call DELETE "/v1/merchandising?query=desk+lamp"
""",
    ),
    Script(
        "judgments",
        (
            "hybridrank judgments export DIR",
            "hybridrank judgments export FILE.json",
            "hybridrank judgments export FILE.jsonl",
            "hybridrank judgments import FILE",
            "hybridrank judgments list",
        ),
        """
hybridrank judgments import qrels.tsv
hybridrank judgments list
hybridrank judgments export judged
hybridrank judgments export judged.json
hybridrank judgments export judged.jsonl
hybridrank judgments import judged/qrels.tsv
hybridrank judgments import judged.json
hybridrank judgments import judged.jsonl --scale 3
""",
    ),
    Script(
        "profiles",
        (
            "hybridrank profile export PERSON [-o FILE]",
            "hybridrank profile erase PERSON",
            "hybridrank profile erase --replay",
        ),
        """
head -1 events.jsonl | python -c 'import json, sys; one = json.loads(sys.stdin.readline())
one["client_id"] = "customer-4711"; print(json.dumps(one))' > one.jsonl
hybridrank events one.jsonl --people
hybridrank profile export customer-4711
hybridrank profile export customer-4711 -o held.json
hybridrank profile erase customer-4711
hybridrank profile erase --replay
""",
    ),
    Script(
        "sample",
        (
            "hybridrank sample DIR [--products 1000] [--seed 7] [--queries 200] [--shoppers N] [--days 14] "
            "[--no-images] [--json]",
            "hybridrank sample DIR",
            "hybridrank sample SHOP --shoppers 400 --no-images",
        ),
        """
hybridrank sample SHOP --shoppers 400 --no-images
test -s SHOP/events.jsonl
hybridrank sample another --products 40 --seed 8 --queries 20 --shoppers 5 --days 2 --json
test -s another/images/*1.webp || ls another/images | head -3
""",
    ),
    Script(
        "recommend",
        (
            "hybridrank recommend --item p1 [--size 8] [--diversity 0.2] [--exclude ID] [--json]",
            "GET /v1/recommend?item=p1&size=8&diversity=0.2&exclude=p7,p9",
            "hybridrank related QUERY",
        ),
        """
hybridrank recommend --item "$ITEM" --size 8 --diversity 0.2 --exclude "$OTHER" --json
call GET "/v1/recommend?item=$ITEM&size=8&diversity=0.2&exclude=$OTHER,p9"
hybridrank related "$QUERY"
""",
    ),
    Script(
        "friends",
        (
            "POST /v1/graph, PUT and DELETE /v1/sharing",
            "hybridrank graph load FILE... [--remove]",
            "hybridrank graph share PERSON [--off]",
            "hybridrank recommend --for PERSON --social [--item ID]",
        ),
        """
printf 'anna\\tben\\nben\\tcleo\\n' > friends.tsv
hybridrank graph load friends.tsv
hybridrank graph share ben
hybridrank recommend --for anna --social --item "$ITEM"
hybridrank graph share ben --off
hybridrank graph load friends.tsv --remove
call POST /v1/graph '{"edges": [["anna", "ben"]]}'
person=$(hybridrank keys token anna)
call PUT /v1/sharing "" "X-Hybridrank-Person: $person"
call DELETE /v1/sharing "" "X-Hybridrank-Person: $person"
""",
    ),
    Script(
        "learning-from-behaviour",
        (
            "hybridrank train sequence [--index NAME] [--out DIR] [--epochs 40] [--width 48] [--length 50] "
            "[--window 20] [--json]",
            "hybridrank train blend [--index NAME] [--out FILE] [--days 30] [--most 1500] [--eta 0.8] [--json]",
            "hybridrank events SHOP/events.jsonl && hybridrank train sequence",
        ),
        """
mkdir SHOP && cp events.jsonl SHOP
hybridrank events SHOP/events.jsonl && hybridrank train sequence
hybridrank train sequence --index products --out sequence --epochs 1 --width 16 --length 20 --window 10 --json
hybridrank train blend --index products --out blend.json --days 30 --most 100 --eta 0.8 --json
""",
    ),
    Script(
        "suggest",
        ("hybridrank suggest PREFIX", "hybridrank suggest --build", "hybridrank suggest --budget"),
        """
hybridrank suggest --build
hybridrank suggest "${QUERY:0:2}"
hybridrank suggest --budget
""",
    ),
    Script(
        "serve",
        ("hybridrank serve --workers N --threads M",),
        """
hybridrank keys new --role shop
hybridrank serve --workers 2 --threads 2
""",
    ),
    Script(
        "managed",
        (
            "export OPENSEARCH_URL=https://search.example:9200",
            "hybridrank install --remove",
        ),
        """
fresh
unset OPENSEARCH_URL
hybridrank engine start --port "$FREE_PORT" --heap 384m
trap 'hybridrank engine stop --remove-data' EXIT
export OPENSEARCH_URL=http://127.0.0.1:$FREE_PORT
hybridrank install --no-plugin
hybridrank install --remove
""",
    ),
)

ARCHIVE = "a command of OpenSearch's archive, which the local node lacks"
NO_DATA = "measures on data that is not in the project"
MEASURES = "python -m benchmarks"
"""How measurements begin, most of them on such data, for minutes or hours: they are run when their figures are told."""
FEDERATED = "needs an environment of its own: make test-federated, whose tests do the same over TLS"

NOT_RUN = {
    "hybridrank index products.jsonl --index esci": NO_DATA,
    "hybridrank index films/products.jsonl.gz --index films": NO_DATA,
    "hybridrank index retail.jsonl --index retail": NO_DATA,
    "hybridrank index learn/products.jsonl.gz --index films": NO_DATA,
    "hybridrank train windows --index films --queries learn/queries.tsv --qrels learn/qrels.tsv --source films "
    "--unjudged 100 --out films.jsonl.gz": NO_DATA,
    "hybridrank train finetune films.jsonl.gz --late-interaction --bare 1 --items 8 --epochs 1 --backbone-rate 5e-5 "
    "--evaluate-every 400 --threads 1 --out models/films": NO_DATA,
    "hybridrank train sequence --epochs 2": NO_DATA,
    "hybridrank train sequence --epochs 10": NO_DATA,
    "hybridrank evaluate --system recommend item_knn popularity --compare item_knn recommend "
    "--days 9000 --last 3": NO_DATA,
    "make test-federated": FEDERATED,
    "python3 -m venv federated": FEDERATED,
    "federated/bin/pip install 'hybridrank[train,federated]'": FEDERATED,
    "hybridrank train federated simulate north.jsonl.gz south.jsonl.gz east.jsonl.gz --rounds 10 "
    "--test-file judged.jsonl.gz --out models/together": FEDERATED,
    "hybridrank train federated lead 0.0.0.0:9443 --shops 5 --secure --rounds 10 --authority ca.pem "
    "--certificate leader.pem --key leader.key --out models/together": FEDERATED,
    "hybridrank train federated join leader.example:9443 shop.jsonl.gz --secure --authority ca.pem "
    "--certificate shop.pem --key shop.key": FEDERATED,
    "export OPENSEARCH_USER=hybridrank OPENSEARCH_PASSWORD=… OPENSEARCH_CA=/etc/ssl/search-ca.pem": (
        "names somebody's cluster; the page's next commands do it with one that is there"
    ),
    "bin/opensearch-keystore add hybridrank.service.key": ARCHIVE,
    "bin/opensearch-keystore add-file hybridrank.service.ca service-ca.pem": ARCHIVE,
}
"""Forms that are run nowhere, and why."""

TESTED = {
    "hybridrank install --stock --service https://rank.example": "tests/engine/test_plugin_secured.py",
    "hybridrank install --stock --service URL": "tests/engine/test_plugin_secured.py",
    "export HYBRIDRANK_MODEL=~/.hybridrank/models/live": "tests/engine/test_loop.py",
    "hybridrank loop": "tests/engine/test_loop.py",
    "hybridrank loop --live 0.1": "tests/engine/test_interleave_live.py",
    "hybridrank train clip products.jsonl --images DIR --out MODEL [--loss contrastive|sigmoid] "
    "[--image-tower locked|top|open] [--text-tower locked|open]": "tests/unit/test_clip_training.py",
    "GET products/_search?search_pipeline=hybridrank": "tests/engine/test_plugin.py",
    "hybridrank profile models --removed FOLDER": "tests/unit/test_trained_models.py",
    "hybridrank engine start --nodes 3": "tests/engine/test_local_node_cluster.py",
}
"""Forms that tests of their own run."""
