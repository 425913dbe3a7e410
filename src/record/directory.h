/*
 * The directory where every genspan tool of a user looks for rings.
 */
#ifndef GSP_RECORD_DIRECTORY_H
#define GSP_RECORD_DIRECTORY_H

#include <genspan/types.h>
#include <stdbool.h>
#include <stddef.h>

#define GSP__DIRECTORY_MAX 448

/*
 * Find it: `wish` if given, else GENSPAN_DIR, else /run/genspan where that is writable, else
 * $XDG_RUNTIME_DIR/genspan, else /dev/shm/genspan-UID. Made (0700) if it is not there.
 *
 * GSP_ERR_INVALID (path too long), GSP_ERR_IO (cannot be made, is no directory; in /dev/shm also: is
 * not ours alone, since anybody may make a directory of that name there).
 */
GSP_MUST_USE gsp_status gsp__directory_find(const char *wish, char out[GSP__DIRECTORY_MAX], gsp_error *err);

/*
 * Call `visit` for each ring in a directory (names ending in .ring), in no order, until it returns
 * false. Leftovers of processes that died while making a ring are deleted on the way.
 */
GSP_MUST_USE gsp_status gsp__directory_list(const char *directory,
                                            bool (*visit)(void *self, const char *path), void *self,
                                            gsp_error *err);

/*
 * Delete a ring in which nothing is left, unless somebody is draining it (who deletes it himself), or its
 * metrics still wait beside it.
 */
void gsp__directory_delete_spent(const char *path);

/*
 * Delete the spent rings of dead processes: of those that drained themselves before they ended. At most 64
 * files are looked at.
 */
void gsp__directory_tidy(const char *directory);

#endif
