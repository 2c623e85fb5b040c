/* What a run would measure, and how long that would take. */
#ifndef BENCH_DRY_RUN_H
#define BENCH_DRY_RUN_H

#include <jansson.h>
#include <stdio.h>

#include "bench/plan.h"

/* The turns that are to be measured, by cell in the plan's order: what `--dry-run` prints. */
void dry_run_print(FILE *out, const struct plan *plan, const struct turn *turns, size_t count);

/* {"plan": ..., "seed": ..., "cells": [...], "turns": ..., "expected_ns": ...}; the caller owns it.
 * How long a model computes is not known beforehand: `expected_ns` is then null. */
json_t *dry_run_to_json(const struct plan *plan, const struct turn *turns, size_t count);

#endif
