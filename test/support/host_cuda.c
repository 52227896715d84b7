/* SPDX-License-Identifier: Apache-2.0
   Copyright 2026 The eventsam_ros authors

   The calls of the CUDA runtime that engines use, on the memory of the host. Work that is enqueued
   waits until its stream is waited for, as on a GPU that is slow to start; what is recorded keeps
   the addresses and sizes it was recorded with. host_limit bounds the memory, host_refuse makes
   recording fail, and host_live counts what was made and not given back. */

#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID = 1, OUT_OF_MEMORY = 2, REFUSED = 900, MOST = 256 };

typedef void (*Function)(void *);
typedef struct { void *to; const void *from; size_t size; Function call; void *data; } Work;
typedef struct { Work work[MOST]; int count; } Graph;
typedef struct { Graph queue, recorded; int recording; } Stream;

size_t host_limit = (size_t)-1, host_used = 0;
int host_refuse = 0, host_live = 0, host_launches = 0, host_devices = 1;

static size_t *sized(void *p) { return (size_t *)p - 2; }

static int make(void **out, size_t size)
{
    if (size > host_limit - host_used) return OUT_OF_MEMORY;
    size_t *block = malloc(size + 2 * sizeof(size_t));
    if (!block) return OUT_OF_MEMORY;
    block[0] = size;
    host_used += size;
    host_live++;
    memset(block + 2, 0x7f, size); /* so that what nobody wrote is no number one could expect */
    *out = block + 2;
    return SUCCESS;
}

static int drop(void *p)
{
    if (!p) return INVALID;
    host_used -= sized(p)[0];
    host_live--;
    free(sized(p));
    return SUCCESS;
}

static int add(Stream *s, Work w)
{
    Graph *g = s->recording ? &s->recorded : &s->queue;
    if (g->count == MOST) return INVALID;
    g->work[g->count++] = w;
    return SUCCESS;
}

const char *cudaGetErrorString(int code)
{
    switch (code) {
    case OUT_OF_MEMORY: return "out of memory";
    case REFUSED: return "operation not permitted when stream is capturing";
    case INVALID: return "invalid argument";
    }
    return "no error";
}

int cudaGetDeviceCount(int *n) { *n = host_devices; return SUCCESS; }
int cudaSetDevice(int device) { return device ? INVALID : SUCCESS; }
int cudaDeviceGetAttribute(int *value, int attribute, int device)
{
    if (device) return INVALID;
    *value = attribute == 75 ? 8 : attribute == 76 ? 6 : -1;
    return SUCCESS;
}
int cudaGetDeviceProperties(char *properties, int device)
{
    if (device) return INVALID;
    memset(properties, 1, 1008);
    strcpy(properties, "Host memory");
    return SUCCESS;
}
int cudaMalloc(void **out, size_t size) { return make(out, size); }
int cudaFree(void *p) { return drop(p); }
int cudaHostAlloc(void **out, size_t size, unsigned flags) { (void)flags; return make(out, size); }
int cudaFreeHost(void *p) { return drop(p); }

int cudaStreamCreateWithFlags(Stream **out, unsigned flags)
{
    (void)flags;
    *out = calloc(1, sizeof(Stream));
    host_live++;
    return SUCCESS;
}
int cudaStreamDestroy(Stream *s) { host_live--; free(s); return SUCCESS; }
int cudaMemcpyAsync(void *to, const void *from, size_t size, int kind, Stream *s)
{
    if (kind != 1 && kind != 2) return INVALID;
    return add(s, (Work){to, from, size, 0, 0});
}
int cudaLaunchHostFunc(Stream *s, Function call, void *data)
{
    return add(s, (Work){0, 0, 0, call, data});
}
int cudaStreamSynchronize(Stream *s)
{
    if (s->recording) return REFUSED;
    for (int k = 0; k < s->queue.count; k++) {
        Work *w = &s->queue.work[k];
        if (w->call) w->call(w->data);
        else memcpy(w->to, w->from, w->size);
    }
    s->queue.count = 0;
    return SUCCESS;
}
int cudaStreamBeginCapture(Stream *s, int mode)
{
    (void)mode;
    if (host_refuse == 1) return REFUSED;
    s->recording = 1;
    s->recorded.count = 0;
    return SUCCESS;
}
int cudaStreamEndCapture(Stream *s, Graph **out)
{
    if (!s->recording) return INVALID;
    s->recording = 0;
    if (host_refuse == 2) return REFUSED;
    *out = malloc(sizeof(Graph));
    **out = s->recorded;
    host_live++;
    return SUCCESS;
}
int cudaGraphInstantiateWithFlags(Graph **out, Graph *graph, unsigned long long flags)
{
    (void)flags;
    *out = malloc(sizeof(Graph));
    **out = *graph;
    host_live++;
    return SUCCESS;
}
int cudaGraphLaunch(Graph *graph, Stream *s)
{
    host_launches++;
    for (int k = 0; k < graph->count; k++) {
        int code = add(s, graph->work[k]);
        if (code) return code;
    }
    return SUCCESS;
}
int cudaGraphExecDestroy(Graph *g) { host_live--; free(g); return SUCCESS; }
int cudaGraphDestroy(Graph *g) { host_live--; free(g); return SUCCESS; }
