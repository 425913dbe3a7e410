/*
 * A dialect: which spans a call becomes, and what its facts are called on them. Tables, and nothing else; the
 * code that reads them is in spans.c and its helpers.
 *
 * Several dialects may be on at once (gsp__dialects_parse): the first names the tree of spans, the others
 * only add keys to it.
 */
#ifndef GSP_DERIVE_DIALECT_H
#define GSP_DERIVE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/fact_types.h"

struct gsp__key {
    const char *name; /* NULL: the dialect has no word for it, and it is left out */
    uint8_t n;
};

#define GSP__KEY(name)                                                                                       \
    {                                                                                                        \
        name, sizeof(name) - 1                                                                               \
    }

/* For what a table that is built upon another has no word for. */
#define GSP__NO_KEY                                                                                          \
    {                                                                                                        \
        NULL, 0                                                                                              \
    }

/* Keys of what is not one fact but computed from several. */
enum gsp__computed {
    GSP__KEY_OUTCOME,
    GSP__KEY_ERROR_TYPE,
    GSP__KEY_ATTEMPTS, /* how many */
    GSP__KEY_WAIT,     /* between them, s */
    GSP__KEY_ATTEMPT_NUMBER,
    GSP__KEY_ATTEMPT_KIND,
    GSP__KEY_TARGET_INDEX,
    GSP__KEY_FIRST_CHUNK, /* from the operation's start, s */
    GSP__KEY_ATTEMPT_FIRST_CHUNK,
    GSP__KEY_FIRST_BYTE,
    GSP__KEY_CHUNKS,
    GSP__KEY_OUTPUT_RATE,
    GSP__KEY_INTERVAL_MIN,
    GSP__KEY_INTERVAL_AVG,
    GSP__KEY_INTERVAL_P50,
    GSP__KEY_INTERVAL_P90,
    GSP__KEY_INTERVAL_MAX,
    GSP__KEY_USAGE_SOURCE,
    /* what only some of the seed systems and backends have */
    GSP__KEY_ERROR_MESSAGE,
    GSP__KEY_DURATION_MS,      /* whole ms */
    GSP__KEY_DURATION,         /* s, of an operation that streamed */
    GSP__KEY_TOTAL_RATE,       /* output tokens per second of the whole duration */
    GSP__KEY_RETRY_COUNT,      /* which request to the same target, from 0 */
    GSP__KEY_UNCACHED_INPUT,   /* input tokens without those read from or written to a cache */
    GSP__KEY_STOP_REASON,      /* EndTurn, ToolUse, MaxTokens, Other("x") */
    GSP__KEY_SPAN_KIND,        /* LLM, EMBEDDING, TOOL ... */
    GSP__KEY_OBSERVATION_TYPE, /* generation, embedding, tool, span ... */
    GSP__KEY_LEVEL,            /* ERROR where it failed */
    GSP__KEY_STATUS_MESSAGE,
    GSP__KEY_COMPLETION_START, /* ISO 8601 time of the first chunk */
    GSP__KEY_USAGE_DETAILS,    /* JSON, disjoint parts of the usage */
    GSP__KEY_PARAMETERS,       /* JSON, the request's parameters */
    GSP__KEY_TOTAL_TOKENS,     /* input and output */
    GSP__KEY_LLM_METRICS,      /* JSON */
    GSP__KEY_TTS_METRICS,      /* JSON */
    GSP__KEY_MODALITY,         /* of what is neither text nor embeddings */
    /* content, where it is captured */
    GSP__KEY_INPUT_MESSAGES,
    GSP__KEY_OUTPUT_MESSAGES,
    GSP__KEY_INSTRUCTIONS,
    GSP__KEY_TOOL_DEFINITIONS,
    GSP__KEY_TOOL_ARGUMENTS,
    GSP__KEY_TOOL_RESULT,
    GSP__KEY_QUERY,
    GSP__KEY_DOCUMENTS,
    GSP__COMPUTED_LIMIT
};

/* What kind of work an operation is; one bit each. */
enum gsp__class {
    GSP__CLASS_CHAT = 1 << 0, /* chat, generate_content */
    GSP__CLASS_COMPLETION = 1 << 1,
    GSP__CLASS_EMBEDDINGS = 1 << 2,
    GSP__CLASS_SPEECH_TO_TEXT = 1 << 3,
    GSP__CLASS_TEXT_TO_SPEECH = 1 << 4,
    GSP__CLASS_TOOL = 1 << 5,
    GSP__CLASS_AGENT = 1 << 6,    /* invoke_agent */
    GSP__CLASS_WORKFLOW = 1 << 7, /* invoke_workflow */
    GSP__CLASS_RETRIEVAL = 1 << 8,
    GSP__CLASS_AGENT_STEP = 1 << 9, /* create_agent, plan */
    GSP__CLASS_OTHER = 1 << 10,     /* memory operations and custom ones */
    GSP__CLASS_SPAN = 1 << 11,      /* a span that is no operation */
};

#define GSP__CLASSES_LLM (GSP__CLASS_CHAT | GSP__CLASS_COMPLETION)
/* US-6: the leaves, which are what is paid */
#define GSP__CLASSES_BILLABLE                                                                                \
    (GSP__CLASSES_LLM | GSP__CLASS_EMBEDDINGS | GSP__CLASS_SPEECH_TO_TEXT | GSP__CLASS_TEXT_TO_SPEECH)
#define GSP__CLASSES_OPERATIONS ((GSP__CLASS_OTHER << 1) - 1)
#define GSP__CLASSES_ALL        (GSP__CLASSES_OPERATIONS | GSP__CLASS_SPAN)

/* The class of an operation's name; of an empty one, SPAN. */
enum gsp__class gsp__class_of(const char *operation, size_t n);

/* What a span is of: says which keys its facts get, where the row has none of its own. */
enum gsp__role {
    GSP__ROLE_OPERATION, /* the operation, and spans that are none */
    GSP__ROLE_ATTEMPT,
    GSP__ROLE_STEP, /* all else: around an operation, or between it and its attempts */
    GSP__ROLES,
};

/* Each points to a table, or is NULL. */
struct gsp__keys {
    const struct gsp__key *facts;    /* GSP__FACT_LIMIT of them */
    const struct gsp__key *usage;    /* GSP_USAGE_LIMIT */
    const struct gsp__key *computed; /* GSP__COMPUTED_LIMIT */
};

enum gsp__level {
    GSP__PER_OPERATION,
    GSP__PER_TARGET, /* attempts that follow each other at one target */
    GSP__PER_ATTEMPT,
};

enum gsp__when {
    GSP__ALWAYS,
    GSP__ONE_TARGET,      /* at the most */
    GSP__SEVERAL_TARGETS, /* it fell back */
    GSP__NO_ATTEMPTS,
    GSP__IF_ROOT,  /* nobody called it */
    GSP__IF_CHILD, /* it has a parent */
};

enum {
    GSP__ROW_DERIVED = 1,         /* has no record of its own: its id is a hash */
    GSP__ROW_INHERITS = 2,        /* of an attempt: shows the operation's facts, where it has none itself */
    GSP__ROW_WASTED_USAGE = 4,    /* of an attempt: its usage, where it did not serve (US-5) */
    GSP__ROW_OWN_USAGE = 8,       /* of an attempt: its usage, where it completed */
    GSP__ROW_IF_LONE_WANTED = 16, /* of an attempt: left out as GENSPAN_ATTEMPT_SPANS says */
    GSP__ROW_LIFECYCLE = 32,      /* the five lifecycle events stand on it */
};

/* One kind of span of the tree. Parents stand before children. */
struct gsp__span_row {
    const char *name; /* with {operation}, {model}, {tool}, {agent}, {workflow}, {source} where these are
                         known; NULL: as it was recorded */
    uint16_t classes;
    uint8_t role;  /* an enum gsp__role */
    uint8_t level; /* an enum gsp__level */
    uint8_t when;  /* an enum gsp__when */
    uint8_t kind;  /* a gsp_span_kind; 0: as it was recorded */
    uint8_t flags;
    int8_t parent;                /* a row before it, or one of these */
    const struct gsp__keys *keys; /* NULL: those of its role */
};

#define GSP__UNDER_CALLER    (-1) /* the operation's own parent */
#define GSP__UNDER_OPERATION (-2) /* the span that has the operation's record */
#define GSP__ROWS_MAX        24

struct gsp__dialect {
    const char *name;
    const char *schema_url; /* "" if there is none */
    bool only_adds;         /* has no tree of its own */
    struct gsp__keys keys[GSP__ROLES];
    const struct gsp__key *event; /* of facts on events; NULL: as in otel */
    const char *details_event;    /* the log record that carries content; NULL: it has none */
    const struct gsp__span_row *rows;
    uint32_t n_rows;
};

/* All of them, in the order in which they are listed; NULL at the end. */
extern const struct gsp__dialect *const gsp__dialects_all[];

extern const struct gsp__dialect gsp__dialect_otel, gsp__dialect_otel_next, gsp__dialect_livekit,
    gsp__dialect_livekit_js, gsp__dialect_ares, gsp__dialect_celeste, gsp__dialect_autotel,
    gsp__dialect_openinference, gsp__dialect_langfuse;

/* The dialect of this name, or NULL. */
const struct gsp__dialect *gsp__dialect_named(const char *name);

#define GSP__DIALECTS_MAX 4

/* Those that are on: the first has the tree. */
struct gsp__dialects {
    const struct gsp__dialect *items[GSP__DIALECTS_MAX];
    uint32_t n;
};

/*
 * Read a list such as "otel,langfuse"; blanks around names are allowed, a name twice counts once. Where the
 * first only adds keys, it adds them to otel. False with `fault` filled in: the first name that is not known,
 * is one more than GSP__DIALECTS_MAX, or needs another tree than the first. Such names are left out; otel is
 * there if nothing else is.
 */
bool gsp__dialects_parse(const char *list, struct gsp__dialects *out, char fault[128]);

#endif
