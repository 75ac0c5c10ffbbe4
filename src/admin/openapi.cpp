// See openapi.hpp. Keep it as the code is: tests/admin/openapi_test.cpp compares paths and modes.
#include "openapi.hpp"

namespace garde::admin {

std::string_view openapi_document() {
    return R"json({
  "openapi": "3.1.0",
  "info": {
    "title": "garde admin API",
    "version": "1",
    "description": "Reads what garde knows of its services and orders their modes and emergency procedures. Errors are problem documents (RFC 9457). Reading never changes anything; every order is written to the journal with the operator's name."
  },
  "security": [{"operator": []}],
  "paths": {
    "/v1/services": {
      "get": {
        "operationId": "list_services",
        "summary": "All services: mode, override, backends with the failure detector's verdicts",
        "responses": {
          "200": {"description": "The latest known state", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/services"}}}},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "503": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/services/{name}": {
      "get": {
        "operationId": "read_service",
        "summary": "One service",
        "parameters": [{"$ref": "#/components/parameters/name"}],
        "responses": {
          "200": {"description": "The latest known state", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/service"}}}},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "404": {"$ref": "#/components/responses/problem"},
          "503": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/services/{name}/mode": {
      "post": {
        "operationId": "order_mode",
        "summary": "Pins a service's mode, or gives it back to the automatic",
        "parameters": [{"$ref": "#/components/parameters/name"}],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/order"}}}},
        "responses": {
          "200": {"description": "The order is in force", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ordered"}}}},
          "400": {"$ref": "#/components/responses/problem"},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "404": {"$ref": "#/components/responses/problem"},
          "415": {"$ref": "#/components/responses/problem"},
          "422": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/services/{name}/explanation": {
      "get": {
        "operationId": "explain_service",
        "summary": "Why the service is in its mode, which observations decided, what would change it, and what is due next",
        "parameters": [{"$ref": "#/components/parameters/name"}],
        "responses": {
          "200": {"description": "As it is now", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/explanation"}}}},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "404": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/services/{name}/procedure": {
      "post": {
        "operationId": "order_procedure",
        "summary": "Opens or closes the emergency procedure for the public, apart from the mode",
        "description": "It opens by itself with a mode without backend. What an operator opened stays open until an operator closes it; what is closed during an outage stays closed until the next one.",
        "parameters": [{"$ref": "#/components/parameters/name"}],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/procedure_order"}}}},
        "responses": {
          "200": {"description": "The order is in force", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/procedure_ordered"}}}},
          "400": {"$ref": "#/components/responses/problem"},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "404": {"$ref": "#/components/responses/problem"},
          "415": {"$ref": "#/components/responses/problem"},
          "422": {"$ref": "#/components/responses/problem"},
          "503": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/services/{name}/exercise": {
      "post": {
        "operationId": "order_exercise",
        "summary": "Begins an exercise, emergency mode for one route or for some callers, or ends those of the service",
        "description": "Who takes part gets the emergency procedure, marked as an exercise, and no backend is asked; for everybody else nothing changes. Nobody takes part while the service is in degraded or emergency mode, or a plain pipe. The journal records beginning and end as a drill. An exercise ends with garde.",
        "parameters": [{"$ref": "#/components/parameters/name"}],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/exercise_order"}}}},
        "responses": {
          "200": {"description": "The one that has begun, or those that have ended", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/exercise_ordered"}}}},
          "400": {"$ref": "#/components/responses/problem"},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "404": {"$ref": "#/components/responses/problem"},
          "409": {"$ref": "#/components/responses/problem"},
          "415": {"$ref": "#/components/responses/problem"},
          "422": {"$ref": "#/components/responses/problem"},
          "503": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/reload": {
      "post": {
        "operationId": "reload",
        "summary": "Reads the configuration file and all that it points to anew",
        "description": "All of it is taken up or nothing: when anything is wrong the former configuration stays in force. What garde knows of its backends stays; connections stay open. Certificates are read anew too.",
        "responses": {
          "200": {"description": "The new configuration is in force", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/reloaded"}}}},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "422": {"description": "The former configuration stays in force", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/refused_configuration"}}}},
          "503": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/cache": {
      "get": {
        "operationId": "read_cache",
        "summary": "What the reply cache keeps, gives and refuses",
        "responses": {
          "200": {"description": "Counts since the start; no callers and no patients", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/cache"}}}},
          "401": {"$ref": "#/components/responses/unauthorized"}
        }
      }
    },
    "/v1/cache/purge": {
      "post": {
        "operationId": "purge_cache",
        "summary": "Removes kept answers from memory, from the disk and from what waits for it",
        "description": "All for which `caller` and `before` hold, where they are given; or `all`, which destroys the keys as well, so that no copy of the disk can be read either. Nothing that was asked before is served any more. The journal keeps who, why and how many.",
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/purge"}}}},
        "responses": {
          "200": {"description": "Gone from memory; `disk` says what became of it there", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/purged"}}}},
          "400": {"$ref": "#/components/responses/problem"},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "415": {"$ref": "#/components/responses/problem"},
          "422": {"$ref": "#/components/responses/problem"},
          "503": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/journal": {
      "get": {
        "operationId": "read_journal",
        "summary": "How the journal stands, and where its checkpoints have got to",
        "responses": {
          "200": {"description": "The latest known state", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/journal"}}}},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "503": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/deferrals": {
      "get": {
        "operationId": "read_deferrals",
        "summary": "How many requests were kept to be asked again, by outage, and what became of them",
        "responses": {
          "200": {"description": "For each outage, service and kind: `issued`, and so many in each state; the states add up to `issued`", "content": {"application/json": {"schema": {"type": "object"}}}},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "404": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/services/{name}/deferrals": {
      "get": {
        "operationId": "reconcile",
        "summary": "The requests kept, and the answers given from the cache, in an outage, one by one and summed up for each caller",
        "description": "Who asked, when, and what became of it; never what was asked. An answer is confirmed or contradicted when the same caller asks the same again, by what the service says then.",
        "parameters": [{"$ref": "#/components/parameters/name"}, {"name": "outage", "in": "query", "description": "As GET /v1/deferrals gives it; else the newest one", "schema": {"$ref": "#/components/schemas/time"}}],
        "responses": {
          "200": {"description": "`all` and each of `callers` have `issued` and the states that add up to it", "content": {"application/json": {"schema": {"type": "object"}}}},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "404": {"$ref": "#/components/responses/problem"},
          "422": {"$ref": "#/components/responses/problem"},
          "503": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/services/{name}/stand-in": {
      "post": {
        "operationId": "explain_stand_in",
        "summary": "Which rule decides what a caller gets when no backend answers, for these facts, and why those before it do not",
        "description": "Changes nothing. `mode` (degraded or emergency), `caller` ({issuer, subject, names}), `request_type`, `consult_age` and `outage` in seconds, `deferrable`; each may be left out. Limits are told, not applied.",
        "parameters": [{"$ref": "#/components/parameters/name"}],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {
          "200": {"description": "The decision", "content": {"application/json": {"schema": {"type": "object"}}}},
          "400": {"$ref": "#/components/responses/problem"},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "404": {"$ref": "#/components/responses/problem"},
          "415": {"$ref": "#/components/responses/problem"},
          "422": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/journal/erase-names": {
      "post": {
        "operationId": "erase_names",
        "summary": "Erases the names of operators and callers in the journal's records before a time",
        "description": "Whole months of thirty days: none that is younger goes with them. Who ordered it and why is recorded before it happens. Records, verification and proofs stay as they are; what was erased cannot be brought back.",
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/erasure"}}}},
        "responses": {
          "200": {"description": "It is recorded and done", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/erased"}}}},
          "400": {"$ref": "#/components/responses/problem"},
          "401": {"$ref": "#/components/responses/unauthorized"},
          "415": {"$ref": "#/components/responses/problem"},
          "422": {"$ref": "#/components/responses/problem"},
          "503": {"$ref": "#/components/responses/problem"}
        }
      }
    },
    "/v1/openapi.json": {
      "get": {
        "operationId": "read_description",
        "summary": "This document",
        "responses": {
          "200": {"description": "An OpenAPI 3.1 document", "content": {"application/json": {"schema": {"type": "object"}}}},
          "401": {"$ref": "#/components/responses/unauthorized"}
        }
      }
    }
  },
  "components": {
    "securitySchemes": {"operator": {"type": "http", "scheme": "bearer", "description": "Each operator's own token; garde keeps its SHA-256 only."}},
    "parameters": {
      "name": {"name": "name", "in": "path", "required": true, "description": "The service's name in the configuration", "schema": {"type": "string"}}
    },
    "responses": {
      "unauthorized": {
        "description": "No token, or nobody's; the attempt is counted and written to the journal",
        "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
      },
      "problem": {
        "description": "Refused; `detail` says what to do instead",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
      }
    },
    "schemas": {
      "cache": {
        "type": "object",
        "required": ["memory", "disk", "kept", "refused", "dropped", "hits", "misses", "clock"],
        "properties": {
          "memory": {
            "type": "object",
            "required": ["entries", "bytes", "evicted", "expired", "removed", "purged"],
            "properties": {"entries": {"type": "integer"}, "bytes": {"type": "integer"}, "evicted": {"type": "integer"}, "expired": {"type": "integer"}, "removed": {"type": "integer"}, "purged": {"type": "integer"}}
          },
          "disk": {
            "type": ["object", "null"],
            "description": "null without [cache_store]",
            "required": ["state", "entries", "bytes", "waiting", "dropped", "found", "missed", "late", "errors", "unreadable"],
            "properties": {"state": {"enum": ["opening", "working", "failing"]}, "entries": {"type": "integer"}, "bytes": {"type": "integer"}, "waiting": {"type": "integer"}, "dropped": {"type": "integer"}, "found": {"type": "integer"}, "missed": {"type": "integer"}, "late": {"type": "integer"}, "errors": {"type": "integer"}, "unreadable": {"type": "integer"}}
          },
          "kept": {"type": "integer", "description": "Answers that were offered and kept"},
          "refused": {"type": "object", "description": "Answers that were not kept, by reason", "additionalProperties": {"type": "integer"}},
          "dropped": {"type": "integer", "description": "Answers that nobody had time to look at"},
          "hits": {"type": "integer"},
          "misses": {"type": "object", "description": "By reason", "additionalProperties": {"type": "integer"}},
          "clock": {"enum": ["good", "behind", "stepped"]}
        }
      },
      "purge": {
        "type": "object",
        "required": ["reason"],
        "additionalProperties": false,
        "oneOf": [
          {"required": ["all"], "not": {"anyOf": [{"required": ["caller"]}, {"required": ["before"]}]}},
          {"anyOf": [{"required": ["caller"]}, {"required": ["before"]}], "not": {"required": ["all"]}}
        ],
        "properties": {
          "caller": {"type": "string", "description": "A pattern as in cached_callers, without * alone, attribute: and group:"},
          "before": {"type": "string", "format": "date-time", "description": "Consulted before then"},
          "all": {"const": true},
          "reason": {"type": "string", "maxLength": 500}
        }
      },
      "purged": {
        "type": "object",
        "required": ["by", "reason", "memory", "disk"],
        "properties": {
          "by": {"type": "string"},
          "reason": {"type": "string"},
          "memory": {"type": "integer", "description": "Answers that were removed from memory"},
          "disk": {"enum": ["none", "done", "waiting"]},
          "disk_entries": {"type": "integer", "description": "With done: answers that were removed from the disk"},
          "warning": {"type": "string", "description": "With waiting"}
        }
      },
      "problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}}
      },
      "time": {"type": "string", "format": "date-time", "description": "RFC 3339, UTC"},
      "time_or_null": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/time"}]},
      "text_or_null": {"type": ["string", "null"]},
      "number_or_null": {"type": ["integer", "null"]},
      "mode": {"enum": ["primary", "backup", "degraded", "emergency"]},
      "verdict": {"enum": ["unknown", "up", "suspect", "down", "recovering"]},
      "texts": {"type": "object", "additionalProperties": {"type": "string"}},
      "pinned_mode": {
        "enum": ["primary", "backup", "degraded", "emergency", "transparent"],
        "description": "degraded: cached answers, else the emergency procedure; emergency: the procedure for all; transparent: the primary only, garde as a plain pipe"
      },
      "services": {
        "type": "object",
        "required": ["at", "journal_failing", "cut_off", "services"],
        "properties": {
          "at": {"$ref": "#/components/schemas/time"},
          "journal_failing": {"type": "boolean", "description": "Records wait because the disk refuses them"},
          "cut_off": {"type": "boolean", "description": "This node is cut off from the network: what it says of services is not known"},
          "services": {"type": "array", "items": {"$ref": "#/components/schemas/service"}}
        }
      },
      "service": {
        "type": "object",
        "required": ["name", "title", "mode", "active_backend", "since", "recorded", "procedure_active", "procedure_since", "override", "exercises", "backends"],
        "properties": {
          "name": {"type": "string"},
          "title": {"$ref": "#/components/schemas/texts", "description": "By language"},
          "mode": {"$ref": "#/components/schemas/mode"},
          "active_backend": {"type": ["string", "null"], "description": "Where requests go first"},
          "since": {"$ref": "#/components/schemas/time"},
          "recorded": {"enum": ["durable", "not-yet-durable"], "description": "Whether the latest switchover is safely in the journal"},
          "procedure_active": {"type": "boolean", "description": "The emergency procedure is open for the public, whatever the mode"},
          "procedure_since": {"$ref": "#/components/schemas/time_or_null"},
          "override": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/override"}]},
          "exercises": {"type": "array", "items": {"$ref": "#/components/schemas/exercise"}},
          "backends": {"type": "array", "items": {"$ref": "#/components/schemas/backend"}}
        }
      },
      "override": {
        "type": "object",
        "required": ["mode", "strict", "by", "reason", "since", "until"],
        "properties": {
          "mode": {"$ref": "#/components/schemas/pinned_mode"},
          "strict": {"type": "boolean"},
          "by": {"type": "string", "description": "The operator"},
          "reason": {"type": "string"},
          "since": {"$ref": "#/components/schemas/time"},
          "until": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/time"}]}
        }
      },
      "backend": {
        "type": "object",
        "required": ["name", "role", "verdict", "since", "last_reason", "domains"],
        "properties": {
          "name": {"type": "string"},
          "role": {"enum": ["primary", "backup"]},
          "verdict": {"$ref": "#/components/schemas/verdict"},
          "since": {"$ref": "#/components/schemas/time"},
          "last_reason": {"type": "string", "description": "Why the latest failure counted as one; none without any"},
          "domains": {"$ref": "#/components/schemas/texts", "description": "Fault domains: kind to name"}
        }
      },
      "order": {
        "type": "object",
        "additionalProperties": false,
        "required": ["mode", "reason"],
        "properties": {
          "mode": {"oneOf": [{"const": "automatic"}, {"$ref": "#/components/schemas/pinned_mode"}]},
          "reason": {"type": "string", "minLength": 1, "maxLength": 500, "description": "One line: the journal keeps it"},
          "expires": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/time"}], "description": "When the automatic takes over again; absent: when an operator says so"},
          "strict": {"type": "boolean", "default": false, "description": "Attempts do not fall back to what the mode does not name"}
        }
      },
      "journal": {
        "type": "object",
        "required": ["at", "failing", "size", "root", "verifier_key", "sinks", "overflow"],
        "properties": {
          "at": {"$ref": "#/components/schemas/time"},
          "failing": {"type": "boolean", "description": "Records wait because the disk refuses them"},
          "size": {"$ref": "#/components/schemas/number_or_null", "description": "Records that are durable; null until this process has written one"},
          "root": {"$ref": "#/components/schemas/text_or_null", "description": "Of the tree over them, base64 as in a checkpoint"},
          "verifier_key": {"$ref": "#/components/schemas/text_or_null", "description": "NAME+HASH+KEY of https://c2sp.org/signed-note; null: checkpoints are not signed, and go nowhere"},
          "sinks": {"type": "array", "items": {"$ref": "#/components/schemas/checkpoint_sink"}},
          "overflow": {
            "type": "object",
            "description": "Records that were appended while the disk refused them, on their way to syslog",
            "required": ["sent", "dropped"],
            "properties": {"sent": {"type": "integer"}, "dropped": {"type": "integer"}}
          }
        }
      },
      "checkpoint_sink": {
        "type": "object",
        "required": ["sink", "pushed_size", "pushed_at", "failing_since", "why"],
        "properties": {
          "sink": {"enum": ["local", "file", "webhook", "syslog"]},
          "pushed_size": {"type": "integer", "description": "Of the journal, in the newest checkpoint that got there; 0: none did yet"},
          "pushed_at": {"$ref": "#/components/schemas/time_or_null"},
          "failing_since": {"$ref": "#/components/schemas/time_or_null"},
          "why": {"$ref": "#/components/schemas/text_or_null", "description": "The latest failure, while it fails"}
        }
      },
      "configuration": {"type": "string", "description": "SHA-256 of the configuration file, hex"},
      "configuration_problem": {
        "type": "object",
        "required": ["level", "file", "line", "what", "instead"],
        "properties": {
          "level": {"enum": ["error", "expired", "warning"]},
          "file": {"type": "string"},
          "line": {"type": "integer", "description": "0 where the whole file is meant"},
          "what": {"type": "string"},
          "instead": {"type": "string", "description": "What to write or do instead"}
        }
      },
      "reloaded": {
        "type": "object",
        "required": ["configuration", "former_configuration", "by", "problems"],
        "properties": {
          "configuration": {"$ref": "#/components/schemas/configuration"},
          "former_configuration": {"$ref": "#/components/schemas/configuration"},
          "by": {"type": "string"},
          "problems": {"type": "array", "description": "Warnings", "items": {"$ref": "#/components/schemas/configuration_problem"}}
        }
      },
      "refused_configuration": {
        "allOf": [
          {"$ref": "#/components/schemas/problem"},
          {"type": "object", "required": ["problems"], "properties": {"problems": {"type": "array", "items": {"$ref": "#/components/schemas/configuration_problem"}}}}
        ]
      },
      "procedure_order": {
        "type": "object",
        "additionalProperties": false,
        "required": ["open", "reason"],
        "properties": {
          "open": {"type": "boolean", "description": "true opens it, false closes it"},
          "reason": {"type": "string", "minLength": 1, "maxLength": 500, "description": "One line: the journal keeps it"}
        }
      },
      "procedure_ordered": {
        "type": "object",
        "required": ["service", "open", "by", "changed", "stored"],
        "properties": {
          "service": {"type": "string"},
          "open": {"type": "boolean"},
          "by": {"type": "string"},
          "changed": {"type": "boolean", "description": "false when it was so already"},
          "stored": {"type": "boolean", "description": "Whether it survives a restart"},
          "warning": {"type": "string", "description": "Only when it is not stored"}
        }
      },
      "exercise_order": {
        "type": "object",
        "additionalProperties": false,
        "required": ["begin", "reason"],
        "properties": {
          "begin": {"type": "boolean", "description": "true begins one, false ends all of the service"},
          "route": {"type": "string", "description": "The path of one of the service's routes, as configured"},
          "caller": {"type": "string", "description": "Callers by their certificates: a pattern as in cached_callers"},
          "expires": {"$ref": "#/components/schemas/time"},
          "reason": {"type": "string", "minLength": 1, "maxLength": 500, "description": "One line: the journal keeps it"}
        }
      },
      "exercise_ordered": {
        "type": "object",
        "required": ["service", "begin", "by", "exercises"],
        "properties": {
          "service": {"type": "string"},
          "begin": {"type": "boolean"},
          "by": {"type": "string"},
          "exercises": {"type": "array", "items": {"$ref": "#/components/schemas/exercise"}}
        }
      },
      "exercise": {
        "type": "object",
        "required": ["id", "route", "caller", "by", "reason", "since", "until", "requests"],
        "properties": {
          "id": {"type": "string", "description": "Garde-Exercise of the answers that it gives"},
          "route": {"type": ["string", "null"]},
          "caller": {"type": ["string", "null"]},
          "by": {"type": "string"},
          "reason": {"type": "string"},
          "since": {"$ref": "#/components/schemas/time"},
          "until": {"$ref": "#/components/schemas/time"},
          "requests": {"type": "integer", "description": "Answered so"}
        }
      },
      "explanation": {
        "type": "object",
        "required": ["service", "at", "mode", "active_backend", "since", "override", "last_switchover", "backends", "asked", "suspect_domains", "canary", "admitted_percent", "share_until", "hold_down_ms", "relapses", "frozen", "frozen_until", "cut_off", "procedure_active", "procedure_since", "procedure_closes", "next_due", "outlook"],
        "properties": {
          "service": {"type": "string"},
          "at": {"$ref": "#/components/schemas/time"},
          "mode": {"$ref": "#/components/schemas/mode"},
          "active_backend": {"$ref": "#/components/schemas/text_or_null"},
          "since": {"$ref": "#/components/schemas/time", "description": "Of the mode"},
          "override": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/override"}]},
          "last_switchover": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/switchover"}], "description": "What brought the mode; null when it is that of the start, or when the list of backends has changed since"},
          "backends": {"type": "array", "items": {"$ref": "#/components/schemas/explained_backend"}},
          "asked": {"type": "array", "description": "Whom a request asks, in this order", "items": {"type": "string"}},
          "suspect_domains": {"type": "array", "items": {"$ref": "#/components/schemas/suspect_domain"}},
          "canary": {"oneOf": [{"type": "null"}, {"type": "object", "required": ["backend", "percent"], "properties": {"backend": {"type": "string"}, "percent": {"type": "integer"}}}], "description": "The better backend that is coming back, and its share of the requests"},
          "admitted_percent": {"type": "integer", "description": "Of the requests that are given to a backend at all"},
          "share_until": {"$ref": "#/components/schemas/time_or_null", "description": "When the present share, of either kind, grows"},
          "hold_down_ms": {"type": "integer", "description": "How long a better backend must be up before the present mode is left for it; grows with relapses"},
          "relapses": {"type": "integer"},
          "frozen": {"type": "boolean", "description": "The bound on switchovers an hour is reached"},
          "frozen_until": {"$ref": "#/components/schemas/time_or_null"},
          "cut_off": {"type": "boolean", "description": "No reference address answers: this node itself may be cut off"},
          "procedure_active": {"type": "boolean"},
          "procedure_since": {"$ref": "#/components/schemas/time_or_null"},
          "procedure_closes": {"$ref": "#/components/schemas/time_or_null", "description": "By itself, if nothing happens meanwhile"},
          "next_due": {"$ref": "#/components/schemas/time_or_null", "description": "When time alone may change something next: a hold-down, a share, a trial, the order's end"},
          "outlook": {"type": "array", "description": "What would change the mode and what comes next, in sentences for people", "items": {"type": "string"}}
        }
      },
      "switchover": {
        "type": "object",
        "required": ["from", "to", "from_backend", "to_backend", "cause", "by", "reason", "first_symptom", "detected", "decided", "in_effect", "requests_touched", "backends"],
        "properties": {
          "from": {"$ref": "#/components/schemas/mode"},
          "to": {"$ref": "#/components/schemas/mode"},
          "from_backend": {"$ref": "#/components/schemas/text_or_null"},
          "to_backend": {"$ref": "#/components/schemas/text_or_null"},
          "cause": {"enum": ["detection", "recovery", "override-set", "override-cleared", "override-expired", "reconfigured"]},
          "by": {"type": "string", "description": "The operator, or garde"},
          "reason": {"type": "string", "description": "The operator's words; empty for automatic ones"},
          "first_symptom": {"$ref": "#/components/schemas/time"},
          "detected": {"$ref": "#/components/schemas/time"},
          "decided": {"$ref": "#/components/schemas/time"},
          "in_effect": {"$ref": "#/components/schemas/time_or_null", "description": "When all workers served from it"},
          "requests_touched": {"type": "integer", "description": "Attempts that failed at the backend that was left, since the first symptom"},
          "backends": {"type": "array", "description": "What was known of each when it was decided", "items": {"type": "object", "required": ["backend", "verdict", "evidence"], "properties": {"backend": {"type": "string"}, "verdict": {"$ref": "#/components/schemas/verdict"}, "evidence": {"$ref": "#/components/schemas/evidence"}}}}
        }
      },
      "evidence": {
        "type": "object",
        "required": ["failed_probes", "failed_attempts", "distinct_callers", "requests_touched", "last_reason", "first_symptom"],
        "properties": {
          "failed_probes": {"type": "integer", "description": "In a row"},
          "failed_attempts": {"type": "integer", "description": "In a row, of those that count"},
          "distinct_callers": {"type": "integer", "description": "Among the failures that count, lately"},
          "requests_touched": {"type": "integer", "description": "Attempts that failed since the first symptom"},
          "last_reason": {"type": "string", "description": "none without any"},
          "first_symptom": {"$ref": "#/components/schemas/time_or_null"}
        }
      },
      "explained_backend": {
        "type": "object",
        "required": ["name", "verdict", "since", "evidence", "doubtful", "doubted_for", "needs_trial", "trials_passed", "trials_wanted", "next_trial", "ejected_until", "usual_ms", "failing_insurer"],
        "properties": {
          "name": {"type": "string"},
          "verdict": {"$ref": "#/components/schemas/verdict"},
          "since": {"$ref": "#/components/schemas/time"},
          "evidence": {"$ref": "#/components/schemas/evidence"},
          "doubtful": {"type": "boolean", "description": "It shares a suspect domain, and has not shown since that it works"},
          "doubted_for": {"type": "array", "items": {"$ref": "#/components/schemas/suspect_domain"}},
          "needs_trial": {"type": "boolean", "description": "It went down by its traffic: passing probes do not bring it back"},
          "trials_passed": {"type": "integer", "description": "In a row"},
          "trials_wanted": {"type": "integer"},
          "next_trial": {"$ref": "#/components/schemas/time_or_null", "description": "A real request that may be sent twice is given to it then"},
          "ejected_until": {"$ref": "#/components/schemas/time_or_null"},
          "usual_ms": {"$ref": "#/components/schemas/number_or_null", "description": "What half of its answers take at most"},
          "failing_insurer": {"$ref": "#/components/schemas/number_or_null", "description": "The insurer whose questions fail here while others are answered"}
        }
      },
      "suspect_domain": {
        "type": "object",
        "required": ["kind", "name", "since"],
        "properties": {
          "kind": {"type": "string"},
          "name": {"$ref": "#/components/schemas/text_or_null", "description": "null: of backends that do not say"},
          "since": {"$ref": "#/components/schemas/time"}
        }
      },
      "erasure": {
        "type": "object",
        "required": ["before", "reason"],
        "additionalProperties": false,
        "properties": {
          "before": {"$ref": "#/components/schemas/time", "description": "It has passed"},
          "reason": {"type": "string", "minLength": 1, "maxLength": 500, "description": "One line: the journal keeps it"}
        }
      },
      "erased": {
        "type": "object",
        "required": ["before", "by"],
        "properties": {
          "before": {"$ref": "#/components/schemas/time"},
          "by": {"type": "string"}
        }
      },
      "ordered": {
        "type": "object",
        "required": ["service", "mode", "by", "stored"],
        "properties": {
          "service": {"type": "string"},
          "mode": {"oneOf": [{"const": "automatic"}, {"$ref": "#/components/schemas/pinned_mode"}]},
          "by": {"type": "string"},
          "stored": {"type": "boolean", "description": "Whether the order survives a restart"},
          "warning": {"type": "string", "description": "Only when it is not stored"}
        }
      }
    }
  }
}
)json";
}

}  // namespace garde::admin
