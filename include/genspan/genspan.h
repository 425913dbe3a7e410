/*
 * genspan/genspan.h: everything of libgenspan. See the single headers for what is where.
 */
#ifndef GENSPAN_GENSPAN_H
#define GENSPAN_GENSPAN_H

#include <genspan/content.h>
#include <genspan/exchange.h>
#include <genspan/facts.h>
#include <genspan/operation.h>
#include <genspan/policy.h>
#include <genspan/recorder.h>
#include <genspan/runner.h>
#include <genspan/span.h>
#include <genspan/turn.h>
#include <genspan/types.h>

#endif
