/*
 * What was said in a call, as attributes.
 */
#include "derive/content_values.h"

#include "derive/message_values.h"

/* One value, made once, under each dialect's key for it. */
static void add_value(struct gsp__builder *b, enum gsp__computed what, const struct gsp__value *value)
{
    for (uint32_t i = 0; i < b->n_sets; i++) {
        struct gsp__key key = gsp__build_key(b, i, GSP__WORD_COMPUTED, what);
        struct gsp__value *v = key.name ? gsp__build_add(b, key.name, key.n) : NULL;

        if (v)
            *v = *value;
    }
}

static void add_messages(struct gsp__builder *b, enum gsp__computed what,
                         const struct gsp__messages *messages)
{
    struct gsp__value value;

    if (messages->n == 0 || !gsp__build_wants(b, GSP__WORD_COMPUTED, what))
        return;
    if (gsp__messages_value(b->arena, messages, &value))
        add_value(b, what, &value);
    else
        b->is_full = true;
}

static void add_instructions(struct gsp__builder *b, const struct gsp__content *content)
{
    struct gsp__value value;

    if (content->n_instructions == 0 || !gsp__build_wants(b, GSP__WORD_COMPUTED, GSP__KEY_INSTRUCTIONS))
        return;
    if (gsp__parts_value(b->arena, content->instructions, content->n_instructions, &value))
        add_value(b, GSP__KEY_INSTRUCTIONS, &value);
    else
        b->is_full = true;
}

static void add_tools(struct gsp__builder *b, const struct gsp__content *content)
{
    struct gsp__value value;

    if (content->n_tools == 0 || !gsp__build_wants(b, GSP__WORD_COMPUTED, GSP__KEY_TOOL_DEFINITIONS))
        return;
    if (gsp__tools_value(b->arena, content->tools, content->n_tools, &value))
        add_value(b, GSP__KEY_TOOL_DEFINITIONS, &value);
    else
        b->is_full = true;
}

void gsp__content_values_add(struct gsp__builder *b, const struct gsp__content *content)
{
    add_instructions(b, content);
    add_messages(b, GSP__KEY_INPUT_MESSAGES, &content->input);
    add_messages(b, GSP__KEY_OUTPUT_MESSAGES, &content->output);
    add_tools(b, content);
    gsp__build_computed_string(b, GSP__KEY_TOOL_ARGUMENTS, content->tool_arguments);
    gsp__build_computed_string(b, GSP__KEY_TOOL_RESULT, content->tool_result);
    gsp__build_computed_string(b, GSP__KEY_QUERY, content->query);
    gsp__build_computed_string(b, GSP__KEY_DOCUMENTS, content->documents);
}
