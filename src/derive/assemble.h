/*
 * The assembler: which records of a ring make a call, and which calls are ready to be exported. It looks at
 * records as a scan finds them and copies nothing.
 */
#ifndef GSP_DERIVE_ASSEMBLE_H
#define GSP_DERIVE_ASSEMBLE_H

#include "record/reader.h"

#define GSP__NO_REF 0xffffffffu

/* One record of a pass. */
struct gsp__assembled {
    struct gsp__record_ref ref;
    uint32_t next; /* of a root: its first attempt; of an attempt: the next one; GSP__NO_REF at the end */
    bool is_root;
};

struct gsp__assembler {
    struct gsp__assembled *records;
    uint32_t n_records;
    uint32_t cap;       /* chunks of the ring: there can be no more records */
    uint32_t *by_index; /* chunk index to record number + 1; 0: no record */
};

/* For rings of up to `n_chunks` chunks; false if there is no memory (36 bytes per chunk). */
bool gsp__assembler_init(struct gsp__assembler *a, uint32_t n_chunks);
void gsp__assembler_deinit(struct gsp__assembler *a);

/* Look at all records of a ring and join attempts to their operations. */
void gsp__assembler_scan(struct gsp__assembler *a, const struct gsp__reader *reader);

/*
 * Whether the call whose root is record i is ready: it has ended and so have its attempts; or its process is
 * dead. `holds_late` is false when it has been waiting for open attempts long enough: then those that have
 * ended go with it, and an open one is exported alone when it ends.
 */
bool gsp__assembler_is_ready(const struct gsp__assembler *a, uint32_t i, bool is_dead, bool holds_late);

#endif
