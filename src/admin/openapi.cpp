// See openapi.hpp. Keep it as the code is: tests/admin/openapi_test.cpp compares paths and modes.
#include "openapi.hpp"

namespace garde::admin {

std::string_view openapi_document() {
    return R"json({
  "openapi": "3.1.0",
  "info": {
    "title": "garde admin API",
    "version": "1",
    "description": "Reads what garde knows of its services and orders their modes. Errors are problem documents (RFC 9457). Reading never changes anything; every order is written to the journal with the operator's name."
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
      "problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}}
      },
      "time": {"type": "string", "format": "date-time", "description": "RFC 3339, UTC"},
      "texts": {"type": "object", "additionalProperties": {"type": "string"}},
      "pinned_mode": {
        "enum": ["primary", "backup", "degraded", "emergency", "transparent"],
        "description": "degraded: cached answers, else the emergency procedure; emergency: the procedure for all; transparent: the primary only, garde as a plain pipe"
      },
      "services": {
        "type": "object",
        "required": ["at", "journal_failing", "services"],
        "properties": {
          "at": {"$ref": "#/components/schemas/time"},
          "journal_failing": {"type": "boolean", "description": "Records wait because the disk refuses them"},
          "services": {"type": "array", "items": {"$ref": "#/components/schemas/service"}}
        }
      },
      "service": {
        "type": "object",
        "required": ["name", "title", "mode", "active_backend", "since", "recorded", "procedure_active", "override", "backends"],
        "properties": {
          "name": {"type": "string"},
          "title": {"$ref": "#/components/schemas/texts", "description": "By language"},
          "mode": {"enum": ["primary", "backup", "degraded", "emergency"]},
          "active_backend": {"type": ["string", "null"], "description": "Where requests go first"},
          "since": {"$ref": "#/components/schemas/time"},
          "recorded": {"enum": ["durable", "not-yet-durable"], "description": "Whether the latest switchover is safely in the journal"},
          "procedure_active": {"type": "boolean"},
          "override": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/override"}]},
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
          "verdict": {"enum": ["unknown", "up", "suspect", "down", "recovering"]},
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
