/* The inner loops of the search for places, compiled: what Schedule.anneal (qsac/layout/annealing.py), priced
 * (qsac/layout/pricing.py) and Beam.swept (qsac/layout/beam.py) do, operation by operation, so that the results are the
 * same to the last bit. Those modules say what is done and why; they are used where this one could not be built.
 *
 * Integers and IEEE doubles in the order of the Python code, and Python's own generator of random numbers (MT19937).
 * Nodes are counted from 0 to at most 63; a set of them is a mask. */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_MSC_VER)
#include <intrin.h>
static int lowest(uint64_t mask)
{
    unsigned long place;
    _BitScanForward64(&place, mask);
    return (int)place;
}
#else
#define lowest(mask) __builtin_ctzll(mask)
#endif

#define MOST_NODES 64
#define MOST_SWAPS 60   /* before one step: annealing.MOST_SWAPS */
#define IMPOSSIBLE (1 << 20)
#define LATEST 48
#define BIT(node) ((uint64_t)1 << (node))
#define MEMORY 65536    /* guesses that are remembered, a power of two */

static int count_bits(uint64_t mask)
{
    int found = 0;
    for (; mask; mask &= mask - 1) found++;
    return found;
}

/* ---- The region ---- */

typedef struct { uint64_t nodes; int64_t kind; double value; } Guessed;

typedef struct {
    int nodes;
    int first[MOST_NODES + 1];                 /* of a node's neighbours in `neighbour` */
    int neighbour[MOST_NODES * MOST_NODES];
    int distance[MOST_NODES][MOST_NODES];
    int from_near[MOST_NODES][MOST_NODES];     /* nodes by their distance */
    uint64_t near[MOST_NODES];
    Guessed *guessed;
} Region;

static const char *REGION = "qsac.layout._kernel.region";

static void free_region(PyObject *capsule)
{
    Region *region = PyCapsule_GetPointer(capsule, REGION);
    if (region) {
        free(region->guessed);
        free(region);
    }
}

static PyObject *make_region(PyObject *self, PyObject *args)
{
    Py_buffer degrees, neighbours, distances;
    if (!PyArg_ParseTuple(args, "y*y*y*", &degrees, &neighbours, &distances)) return NULL;
    PyObject *made = NULL;
    int nodes = (int)(degrees.len / sizeof(int32_t));
    Region *region = calloc(1, sizeof(Region));
    Guessed *guessed = calloc(MEMORY, sizeof(Guessed));
    if (!region || !guessed) {
        PyErr_NoMemory();
    } else if (nodes > MOST_NODES || distances.len != (Py_ssize_t)sizeof(int32_t) * nodes * nodes) {
        PyErr_SetString(PyExc_ValueError, "a region of another size");
    } else {
        const int32_t *degree = degrees.buf, *other = neighbours.buf, *away = distances.buf;
        int total = 0;
        region->nodes = nodes;
        region->guessed = guessed;
        for (int node = 0; node < nodes; node++) {
            region->first[node] = total;
            for (int i = 0; i < degree[node]; i++, total++) {
                region->neighbour[total] = other[total];
                region->near[node] |= BIT(other[total]);
            }
            int place = 0;
            for (int far = 0; far <= nodes; far++)
                for (int i = 0; i < nodes; i++)
                    if (away[node * nodes + i] == far) region->from_near[node][place++] = i;
            for (int i = 0; i < nodes; i++) region->distance[node][i] = away[node * nodes + i];
        }
        region->first[nodes] = total;
        made = PyCapsule_New(region, REGION, free_region);
    }
    if (!made) {
        free(region);
        free(guessed);
    }
    PyBuffer_Release(&degrees);
    PyBuffer_Release(&neighbours);
    PyBuffer_Release(&distances);
    return made;
}

/* ---- Ladders and layers (arrangement.DeviceSubgraph.ladder, pricing) ---- */

typedef struct {
    int gates, ranks;
    uint64_t options;
    uint64_t rank[MOST_NODES];
} Ladder;

static void ladder(const Region *region, const int32_t *weights, int target, uint64_t lying, uint64_t blocked,
                   Ladder *found)
{
    uint64_t seen = BIT(target) | blocked, layer = BIT(target), rest = lying;
    int away = 0, reached = 0, total = 0;
    found->ranks = 0;
    while (layer && rest) {
        uint64_t following = 0;
        away++;
        for (; layer; layer &= layer - 1) following |= region->near[lowest(layer)];
        layer = following & ~seen;
        seen |= layer;
        if (layer & rest) {
            found->rank[found->ranks++] = layer & rest;
            for (int i = count_bits(layer & rest); i; i--) total += weights[reached++] * (2 * away - 1);
            rest &= ~layer;
        }
    }
    while (rest) {
        int nearest = -1;
        for (uint64_t left = rest; left; left &= left - 1) {
            int node = lowest(left);
            if (nearest < 0 || region->distance[target][node] < region->distance[target][nearest]) nearest = node;
        }
        found->rank[found->ranks++] = BIT(nearest);
        total += weights[reached++] * 4 * (region->distance[target][nearest] - 1);
        rest &= ~BIT(nearest);
    }
    found->gates = total;
    found->options = region->near[target] & lying & ~blocked;
}

static void together(int32_t *free, int target, const int *nodes, int size, int layers)
{
    int end = free[target];
    for (int i = 0; i < size; i++)
        if (free[nodes[i]] > end) end = free[nodes[i]];
    free[target] = end + layers;
    for (int i = 0; i < size; i++) free[nodes[i]] = end + layers;
}

static void laddered(int32_t *free, int target, const Ladder *found, uint64_t options, const int32_t *weights,
                     int controls, int gates)
{
    int ranked[MOST_NODES], size = 0;
    for (int r = 0; r < found->ranks; r++) {
        int begin = size;
        for (uint64_t left = found->rank[r]; left; left &= left - 1) {
            int node = lowest(left), place = size++;
            int late = !(options >> node & 1);
            /* Insertion: nodes come in order, so that equal ones stay in it. */
            while (place > begin) {
                int before = ranked[place - 1], before_late = !(options >> before & 1);
                if (before_late < late || (before_late == late && free[before] <= free[node])) break;
                ranked[place] = before;
                place--;
            }
            ranked[place] = node;
        }
    }
    int64_t start = free[target], ahead = 0, toggled = 0;
    for (int i = 0; i < size; i++) {
        if (free[ranked[i]] - ahead > start) start = free[ranked[i]] - ahead;
        ahead = 2 * ahead + 1;
    }
    for (int i = 0; i < controls; i++) toggled += weights[i];
    int64_t chains = gates - toggled;
    int64_t end = start + toggled + (chains >= 0 ? chains / 2 : -((1 - chains) / 2));
    free[target] = (int32_t)end;
    ahead = 0;
    for (int i = 0; i < size; i++) {
        if (free[ranked[i]] < end - ahead) free[ranked[i]] = (int32_t)(end - ahead);
        ahead = 2 * ahead + 1;
    }
}

static int latest(int32_t *free, int nodes)
{
    int added = free[0];
    for (int i = 1; i < nodes; i++)
        if (free[i] > added) added = free[i];
    if (added <= 0) return 0;
    for (int i = 0; i < nodes; i++) free[i] = free[i] > added - LATEST ? free[i] - added : -LATEST;
    return added;
}

/* ---- Schedules (annealing.Schedule) ---- */

enum { TURN, VISIT, MEASURE, RESET };
enum { EMPTY, ALIVE, ENDED };

typedef struct {
    int controls, target, free, ends_nearest, event, toggled;
    const int32_t *control, *weights;
} Step;

typedef struct {
    uint64_t partners[MOST_NODES];
    int32_t free[MOST_NODES];
    int8_t place[MOST_NODES], holds[MOST_NODES];
} Course;

typedef struct {
    int size;
    uint8_t first[MOST_SWAPS], second[MOST_SWAPS];
} Swaps;

typedef struct {
    const Region *region;
    int steps, qubits, turning;
    double layer, recovered;
    Step *step;
    uint64_t *alive;    /* before each step: the mask of qubits in use */
    int *turn;          /* the steps with controls */
    int *least;
    int8_t *start;
    Swaps *swaps;
    Course *courses, *run_courses;
    double *costs, *run_costs, *spent;
} Schedule;

static double priced(const Schedule *schedule, int index, Course *course, const Swaps *swaps)
{
    const Region *region = schedule->region;
    const Step *step = &schedule->step[index];
    const uint64_t alive = schedule->alive[index];
    int prices[MOST_SWAPS], total = 0, own = 0;
    for (int i = 0; i < swaps->size; i++) {
        int first = swaps->first[i], second = swaps->second[i];
        int beside = course->partners[first] >> second & course->partners[second] >> first & 1;
        int8_t held[2] = {course->holds[second], course->holds[first]};
        course->holds[first] = held[0];
        course->holds[second] = held[1];
        if (held[0] >= 0) course->place[held[0]] = (int8_t)first;
        if (held[1] >= 0) course->place[held[1]] = (int8_t)second;
        int full = (held[0] >= 0 && alive >> held[0] & 1) + (held[1] >= 0 && alive >> held[1] & 1);
        int price = full == 2 ? 3 : full == 1 ? 2 : 0;
        if (price) {
            if (beside) price = 1;
            else if (!(region->near[first] >> second & 1)) price = IMPOSSIBLE;
            course->partners[first] = BIT(second);
            course->partners[second] = BIT(first);
            int32_t end = course->free[first] > course->free[second] ? course->free[first] : course->free[second];
            course->free[first] = course->free[second] = end + price;
        } else {
            course->partners[first] = course->partners[second] = 0;
        }
        prices[i] = price;
    }
    int target = course->place[step->target];
    if (!step->controls) {
        if (step->event != TURN) course->partners[target] = 0;
    } else {
        int nodes[MOST_NODES];
        uint64_t lying = 0, options, touched = 0;
        Ladder found;
        for (int i = 0; i < step->controls; i++) {
            nodes[i] = course->place[step->control[i]];
            lying |= BIT(nodes[i]);
        }
        if (step->free) {
            uint64_t full = 0;
            for (uint64_t left = alive; left; left &= left - 1) full |= BIT(course->place[lowest(left)]);
            ladder(region, step->weights, target, lying, full & ~lying, &found);
            own = found.gates;
            options = found.options;
        } else {
            const int *away = region->distance[target];
            for (int i = 0; i < step->controls; i++) {
                int each = 4 * away[nodes[i]] - 4;
                own += step->weights[i] * (each ? each : 1);
            }
            options = step->controls == 1 && away[nodes[0]] == 1 ? BIT(nodes[0]) : 0;
        }
        for (int i = swaps->size - 1; i >= 0; i--) {
            int first = swaps->first[i], second = swaps->second[i];
            uint64_t pair = BIT(first) | BIT(second), other = pair & ~BIT(target);
            if (prices[i] > 1 && other != pair && other & options && !(touched & pair)) {
                course->free[first] = course->free[second] = course->free[target] - prices[i] + 1;
                prices[i] = 1;
                options = other;
                break;
            }
            touched |= pair;
        }
        if (step->free) laddered(course->free, target, &found, options, step->weights, step->controls, own);
        else together(course->free, target, nodes, step->controls, own);
        uint64_t last = step->ends_nearest ? options : 0;
        for (int i = 0; i < step->controls; i++) course->partners[nodes[i]] = last >> nodes[i] & 1 ? BIT(target) : 0;
        course->partners[target] = last;
    }
    for (int i = 0; i < swaps->size; i++) total += prices[i];
    int added = latest(course->free, region->nodes);
    return (double)(total + own) + schedule->layer * added;
}

static void begin(const Schedule *schedule, const int8_t *start, Course *course)
{
    memset(course, 0, sizeof(Course));
    memset(course->holds, -1, sizeof(course->holds));
    for (int qubit = 0; qubit < schedule->qubits; qubit++) {
        course->place[qubit] = start[qubit];
        course->holds[start[qubit]] = (int8_t)qubit;
    }
}

static int same(const Region *region, const Course *one, const Course *other, int qubits)
{
    return !memcmp(one->place, other->place, qubits) &&
           !memcmp(one->free, other->free, region->nodes * sizeof(int32_t)) &&
           !memcmp(one->partners, other->partners, region->nodes * sizeof(uint64_t));
}

/* A change of a schedule: the steps whose swaps are others, at most two of them. */
typedef struct {
    int size, index[2], restarts;
    Swaps swaps[2];
    int8_t start[MOST_NODES];
} Change;

static const Swaps *swaps_at(const Schedule *schedule, const Change *change, int index)
{
    for (int i = 0; change && i < change->size; i++)
        if (change->index[i] == index) return &change->swaps[i];
    return &schedule->swaps[index];
}

/* How many steps were run; -1 where the total comes above `most`, or seems to. */
static int run(Schedule *schedule, const Change *change, int first, int last, double most)
{
    Course course;
    double total = schedule->spent[first], whole = schedule->spent[schedule->steps];
    double over = most - whole + schedule->recovered;
    int done = 0;
    if (first) course = schedule->courses[first];
    else begin(schedule, change && change->restarts ? change->start : schedule->start, &course);
    for (int index = first; index < schedule->steps; index++) {
        if (index > last && same(schedule->region, &schedule->courses[index], &course, schedule->qubits)) break;
        schedule->run_courses[done] = course;
        schedule->run_costs[done] = priced(schedule, index, &course, swaps_at(schedule, change, index));
        total += schedule->run_costs[done++];
        if (total - schedule->spent[index + 1] > over || total + schedule->least[index + 1] > most) return -1;
    }
    return total + whole - schedule->spent[first + done] <= most ? done : -1;
}

static void install(Schedule *schedule, int first, int done)
{
    memcpy(schedule->courses + first, schedule->run_courses, done * sizeof(Course));
    memcpy(schedule->costs + first, schedule->run_costs, done * sizeof(double));
    for (int index = first; index < schedule->steps; index++)
        schedule->spent[index + 1] = schedule->spent[index] + schedule->costs[index];
}

static void install_whole(Schedule *schedule)
{
    memset(schedule->spent, 0, (schedule->steps + 1) * sizeof(double));
    install(schedule, 0, run(schedule, NULL, 0, schedule->steps, HUGE_VAL));
}

/* ---- Random numbers as Python draws them ---- */

typedef struct { uint32_t *state; } Random;   /* 624 words and the place of the next one */

static uint32_t drawn_word(Random *random)
{
    uint32_t *words = random->state, place = words[624], y;
    if (place >= 624) {
        for (int k = 0; k < 624; k++) {
            y = (words[k] & 0x80000000U) | (words[(k + 1) % 624] & 0x7fffffffU);
            words[k] = words[(k + 397) % 624] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfU : 0);
        }
        place = 0;
    }
    y = words[place];
    words[624] = place + 1;
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680U;
    y ^= (y << 15) & 0xefc60000U;
    return y ^ (y >> 18);
}

static double drawn(Random *random)
{
    uint32_t a = drawn_word(random) >> 5, b = drawn_word(random) >> 6;
    return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0);
}

static int below(Random *random, int size)
{
    int bits = 0;
    for (int rest = size; rest; rest >>= 1) bits++;
    for (;;) {
        uint32_t found = drawn_word(random) >> (32 - bits);
        if (found < (uint32_t)size) return (int)found;
    }
}

/* ---- Annealing ---- */

static void reduced(Swaps *swaps)
{
    int kept = 0;
    for (int i = 0; i < swaps->size; i++) {
        uint8_t first = swaps->first[i], second = swaps->second[i];
        if (kept && ((swaps->first[kept - 1] == first && swaps->second[kept - 1] == second) ||
                     (swaps->first[kept - 1] == second && swaps->second[kept - 1] == first))) {
            kept--;
            continue;
        }
        swaps->first[kept] = first;
        swaps->second[kept++] = second;
    }
    swaps->size = kept;
}

/* Returns 0 where there is no room. */
static int insert(Swaps *swaps, int at, int first, int second)
{
    if (swaps->size == MOST_SWAPS) return 0;
    memmove(swaps->first + at + 1, swaps->first + at, swaps->size - at);
    memmove(swaps->second + at + 1, swaps->second + at, swaps->size - at);
    swaps->first[at] = (uint8_t)first;
    swaps->second[at] = (uint8_t)second;
    swaps->size++;
    return 1;
}

static void take_out(Swaps *swaps, int at)
{
    swaps->size--;
    memmove(swaps->first + at, swaps->first + at + 1, swaps->size - at);
    memmove(swaps->second + at, swaps->second + at + 1, swaps->size - at);
}

static Swaps *changed_at(Schedule *schedule, Change *change, int index)
{
    change->index[change->size] = index;
    change->swaps[change->size] = schedule->swaps[index];
    return &change->swaps[change->size++];
}

#define REACH 10

/* Returns 0 where there is no change. */
static int move_start(Schedule *schedule, Random *random, Change *change)
{
    const Region *region = schedule->region;
    change->restarts = 1;
    memcpy(change->start, schedule->start, schedule->qubits);
    int qubit = below(random, schedule->qubits), node = change->start[qubit], goal, kept = 1;
    int degree = region->first[node + 1] - region->first[node];
    if (drawn(random) < 0.6) goal = region->neighbour[region->first[node] + below(random, degree)];
    else goal = change->start[below(random, schedule->qubits)];
    for (int i = 0; i < schedule->qubits; i++)
        if (change->start[i] == goal) {
            change->start[i] = (int8_t)node;
            break;
        }
    change->start[qubit] = (int8_t)goal;
    if (region->near[node] >> goal & 1 && drawn(random) < 0.5) {
        int index = schedule->turn[below(random, schedule->turning)];
        kept = insert(changed_at(schedule, change, index), 0, node, goal);
    }
    return kept;
}

static void leave_out(Schedule *schedule, Random *random, Change *change, int turn, int at)
{
    Swaps *here = changed_at(schedule, change, schedule->turn[turn]);
    int first = here->first[at], second = here->second[at];
    take_out(here, at);
    if (drawn(random) >= 0.6) return;
    for (int later = turn + 1; later < turn + REACH && later < schedule->turning; later++) {
        const Swaps *there = &schedule->swaps[schedule->turn[later]];
        for (int i = 0; i < there->size; i++)
            if ((there->first[i] == first && there->second[i] == second) ||
                (there->first[i] == second && there->second[i] == first)) {
                take_out(changed_at(schedule, change, schedule->turn[later]), i);
                return;
            }
    }
}

static int add_swap(Schedule *schedule, Random *random, Change *change, int turn)
{
    const Region *region = schedule->region;
    int index = schedule->turn[turn], kept;
    const Step *step = &schedule->step[index];
    const Swaps *here = &schedule->swaps[index];
    int qubit = step->target;
    if (drawn(random) >= 0.3) {
        int choice = below(random, step->controls + 1);
        if (choice) qubit = step->control[choice - 1];
    }
    int node = schedule->courses[index].place[qubit];
    for (int i = 0; i < here->size; i++) {
        if (here->first[i] == node) node = here->second[i];
        else if (here->second[i] == node) node = here->first[i];
    }
    int degree = region->first[node + 1] - region->first[node];
    int other = region->neighbour[region->first[node] + below(random, degree)];
    int at = drawn(random) < 0.8 || !here->size ? here->size : below(random, here->size);
    kept = insert(changed_at(schedule, change, index), at, node, other);
    int later = turn + 1 + below(random, REACH - 1);
    if (drawn(random) < 0.7 && later < schedule->turning)
        kept &= insert(changed_at(schedule, change, schedule->turn[later]), 0, node, other);
    return kept;
}

static int move_swap(Schedule *schedule, Random *random, Change *change, int turn)
{
    static const int away[4] = {-2, -1, 1, 2};
    const Swaps *here = &schedule->swaps[schedule->turn[turn]];
    int at = below(random, here->size), other = turn + away[below(random, 4)];
    if (other < 0 || other >= schedule->turning) return 0;
    int first = here->first[at], second = here->second[at];
    take_out(changed_at(schedule, change, schedule->turn[turn]), at);
    Swaps *there = changed_at(schedule, change, schedule->turn[other]);
    return insert(there, other < turn ? there->size : 0, first, second);
}

static int changed(Schedule *schedule, Random *random, Change *change)
{
    double chance = drawn(random);
    change->size = change->restarts = 0;
    if (chance < 0.12) return move_start(schedule, random, change);
    int turn = below(random, schedule->turning), size = schedule->swaps[schedule->turn[turn]].size;
    if (chance < 0.35 && size) {
        leave_out(schedule, random, change, turn, below(random, size));
        return 1;
    }
    if (chance < 0.8) return add_swap(schedule, random, change, turn);
    return size ? move_swap(schedule, random, change, turn) : 0;
}

static void anneal(Schedule *schedule, Random *random, const double *temperature, Py_ssize_t changes, int8_t *best_start,
                   Swaps *best_swaps)
{
    Change change;
    double best = schedule->spent[schedule->steps];
    memcpy(best_start, schedule->start, schedule->qubits);
    memcpy(best_swaps, schedule->swaps, schedule->steps * sizeof(Swaps));
    for (Py_ssize_t count = 0; count < changes; count++) {
        if (!changed(schedule, random, &change)) continue;
        int first = schedule->steps, last = 0;
        for (int i = 0; i < change.size; i++) {
            reduced(&change.swaps[i]);
            if (change.index[i] < first) first = change.index[i];
            if (change.index[i] > last) last = change.index[i];
        }
        if (change.restarts) first = 0;
        double luck = drawn(random);
        double most = schedule->spent[schedule->steps] - temperature[count] * log(luck > 1e-12 ? luck : 1e-12);
        int done = run(schedule, &change, first, last, most);
        if (done < 0) continue;
        if (change.restarts) memcpy(schedule->start, change.start, schedule->qubits);
        for (int i = 0; i < change.size; i++) schedule->swaps[change.index[i]] = change.swaps[i];
        install(schedule, first, done);
        if (schedule->spent[schedule->steps] < best) {
            best = schedule->spent[schedule->steps];
            memcpy(best_start, schedule->start, schedule->qubits);
            memcpy(best_swaps, schedule->swaps, schedule->steps * sizeof(Swaps));
        }
    }
}

static void free_schedule(Schedule *schedule)
{
    free(schedule->step);
    free(schedule->alive);
    free(schedule->turn);
    free(schedule->least);
    free(schedule->start);
    free(schedule->swaps);
    free(schedule->courses);
    free(schedule->run_courses);
    free(schedule->costs);
    free(schedule->run_costs);
    free(schedule->spent);
}

/* Returns 0 with an exception. `sizes`: how many swaps before each step; `edges`: them, two nodes each. */
static int read_schedule(Schedule *schedule, const Py_buffer *steps, const Py_buffer *alive, const Py_buffer *start,
                         const Py_buffer *sizes, const Py_buffer *edges)
{
    const int32_t *word = steps->buf, *node = start->buf, *size = sizes->buf, *edge = edges->buf;
    int count = (int)(alive->len / sizeof(uint64_t));
    schedule->steps = count;
    schedule->qubits = (int)(start->len / sizeof(int32_t));
    if (schedule->qubits > schedule->region->nodes || sizes->len != (Py_ssize_t)sizeof(int32_t) * count) {
        PyErr_SetString(PyExc_ValueError, "a schedule of another size");
        return 0;
    }
    schedule->step = calloc(count + 1, sizeof(Step));
    schedule->alive = calloc(count + 1, sizeof(uint64_t));
    schedule->turn = calloc(count + 1, sizeof(int));
    schedule->least = calloc(count + 1, sizeof(int));
    schedule->start = calloc(schedule->qubits + 1, 1);
    schedule->swaps = calloc(count + 1, sizeof(Swaps));
    schedule->courses = calloc(count + 1, sizeof(Course));
    schedule->run_courses = calloc(count + 1, sizeof(Course));
    schedule->costs = calloc(count + 1, sizeof(double));
    schedule->run_costs = calloc(count + 1, sizeof(double));
    schedule->spent = calloc(count + 1, sizeof(double));
    if (!schedule->step || !schedule->alive || !schedule->turn || !schedule->least || !schedule->start ||
        !schedule->swaps || !schedule->courses || !schedule->run_courses || !schedule->costs || !schedule->run_costs ||
        !schedule->spent) {
        PyErr_NoMemory();
        return 0;
    }
    memcpy(schedule->alive, alive->buf, count * sizeof(uint64_t));
    for (int index = 0; index < count; index++) {
        Step *step = &schedule->step[index];
        step->controls = word[0];
        step->target = word[1];
        step->free = word[2];
        step->ends_nearest = word[3];
        step->event = word[4];
        step->control = word + 5;
        step->weights = word + 5 + step->controls;
        for (int i = 0; i < step->controls; i++) step->toggled += step->weights[i];
        word += 5 + 2 * step->controls;
        if (step->controls) schedule->turn[schedule->turning++] = index;
        if (size[index] > MOST_SWAPS) {
            PyErr_SetString(PyExc_ValueError, "too many swaps before one step");
            return 0;
        }
        schedule->swaps[index].size = size[index];
        for (int i = 0; i < size[index]; i++) {
            schedule->swaps[index].first[i] = (uint8_t)*edge++;
            schedule->swaps[index].second[i] = (uint8_t)*edge++;
        }
    }
    for (int index = count - 1; index >= 0; index--)
        schedule->least[index] = schedule->least[index + 1] + schedule->step[index].toggled;
    for (int qubit = 0; qubit < schedule->qubits; qubit++) schedule->start[qubit] = (int8_t)node[qubit];
    return 1;
}

static PyObject *written_schedule(const Schedule *schedule, const int8_t *start, const Swaps *swaps)
{
    int total = 0;
    for (int index = 0; index < schedule->steps; index++) total += swaps[index].size;
    int32_t *nodes = calloc(schedule->qubits + 1, sizeof(int32_t));
    int32_t *sizes = calloc(schedule->steps + 1, sizeof(int32_t));
    int32_t *edges = calloc(2 * total + 1, sizeof(int32_t));
    PyObject *found = NULL;
    if (nodes && sizes && edges) {
        int32_t *edge = edges;
        for (int qubit = 0; qubit < schedule->qubits; qubit++) nodes[qubit] = start[qubit];
        for (int index = 0; index < schedule->steps; index++) {
            sizes[index] = swaps[index].size;
            for (int i = 0; i < swaps[index].size; i++) {
                *edge++ = swaps[index].first[i];
                *edge++ = swaps[index].second[i];
            }
        }
        found = Py_BuildValue("y#y#y#", (char *)nodes, (Py_ssize_t)(schedule->qubits * sizeof(int32_t)), (char *)sizes,
                              (Py_ssize_t)(schedule->steps * sizeof(int32_t)), (char *)edges,
                              (Py_ssize_t)(2 * total * sizeof(int32_t)));
    } else {
        PyErr_NoMemory();
    }
    free(nodes);
    free(sizes);
    free(edges);
    return found;
}

static PyObject *price_or_anneal(PyObject *args, int annealed)
{
    Py_buffer steps, alive, start, sizes, edges, temperatures, state;
    PyObject *capsule, *found = NULL;
    Schedule schedule;
    memset(&schedule, 0, sizeof(schedule));
    if (annealed) {
        if (!PyArg_ParseTuple(args, "Oy*y*y*y*y*ddy*w*", &capsule, &steps, &alive, &start, &sizes, &edges,
                              &schedule.layer, &schedule.recovered, &temperatures, &state))
            return NULL;
    } else if (!PyArg_ParseTuple(args, "Oy*y*y*y*y*d", &capsule, &steps, &alive, &start, &sizes, &edges,
                                 &schedule.layer)) {
        return NULL;
    }
    schedule.region = PyCapsule_GetPointer(capsule, REGION);
    if (schedule.region && read_schedule(&schedule, &steps, &alive, &start, &sizes, &edges)) {
        install_whole(&schedule);
        if (!annealed) {
            found = PyBytes_FromStringAndSize((char *)schedule.costs, schedule.steps * sizeof(double));
        } else if (state.len != 625 * (Py_ssize_t)sizeof(uint32_t)) {
            PyErr_SetString(PyExc_ValueError, "another generator of random numbers");
        } else {
            Random random = {state.buf};
            int8_t best_start[MOST_NODES];
            Swaps *best = calloc(schedule.steps + 1, sizeof(Swaps));
            if (best) {
                Py_ssize_t changes = schedule.turning ? temperatures.len / (Py_ssize_t)sizeof(double) : 0;
                anneal(&schedule, &random, temperatures.buf, changes, best_start, best);
                found = written_schedule(&schedule, best_start, best);
                free(best);
            } else {
                PyErr_NoMemory();
            }
        }
    }
    free_schedule(&schedule);
    PyBuffer_Release(&steps);
    PyBuffer_Release(&alive);
    PyBuffer_Release(&start);
    PyBuffer_Release(&sizes);
    PyBuffer_Release(&edges);
    if (annealed) {
        PyBuffer_Release(&temperatures);
        PyBuffer_Release(&state);
    }
    return found;
}

static PyObject *price_schedule(PyObject *self, PyObject *args) { return price_or_anneal(args, 0); }

static PyObject *anneal_schedule(PyObject *self, PyObject *args) { return price_or_anneal(args, 1); }

/* ---- Beams (beam.Beam, lookahead.Guess) ---- */

typedef struct {
    int size, free, nearest_first, nearest_last, guess, toggled;
    const int32_t *life, *weights;
} Kind;

typedef struct { int before; int32_t kind, step, first, second; } Trace;

enum { PLACE, LEFT, SWAP };

typedef struct {
    double cost, score;
    uint64_t full;
    int trace;
    uint64_t *pairs;
    int32_t *vacated, *free;
    int8_t *place;
} State;

typedef struct {
    int gates, merged;
    uint64_t options;
    Ladder ladder;
} Taken;

typedef struct {
    double score;
    int before, first, second, price, order;
    int8_t *place;
    Taken taken;
} Move;

typedef struct {
    Region *region;
    int lives, direction, anchor, width;
    double layer;
    uint64_t avoided;
    const int32_t *life;     /* qubit, first and last step of each */
    Kind *kinds;
    const int32_t *steps;
    int count, look;
    const double *factors;
    size_t stride;
    /* States are taken one after the other from blocks, which are used again at the next step. */
    char **blocks;
    int block_count, block, block_used;
    Trace *traces;
    int trace_count, trace_room, failed;
    State **done, **beam, **frontier, **next;
    int done_count, done_room;
    Move *moves;
    int move_count, move_room;
    char *move_places;
    int32_t *seen;
    int seen_count, seen_room;
    char *seen_places;
} Beam;

#define IN_BLOCK 256

static State *new_state(Beam *beam, const State *from)
{
    if (beam->block_used == IN_BLOCK) {
        beam->block++;
        beam->block_used = 0;
    }
    if (beam->block >= beam->block_count) {
        char **blocks = realloc(beam->blocks, (beam->block + 1) * sizeof(char *));
        if (!blocks) return NULL;
        beam->blocks = blocks;
        blocks[beam->block] = malloc(beam->stride * IN_BLOCK);
        if (!blocks[beam->block]) return NULL;
        beam->block_count = beam->block + 1;
    }
    char *memory = beam->blocks[beam->block] + beam->stride * beam->block_used++;
    State *made = (State *)memory;
    int nodes = beam->region->nodes;
    made->pairs = (uint64_t *)(memory + sizeof(State));
    made->vacated = (int32_t *)(made->pairs + nodes);
    made->free = made->vacated + nodes;
    made->place = (int8_t *)(made->free + nodes);
    if (from) {
        made->cost = from->cost;
        made->score = from->score;
        made->full = from->full;
        made->trace = from->trace;
        memcpy(made->pairs, from->pairs, nodes * (sizeof(uint64_t) + 2 * sizeof(int32_t)) + beam->lives);
    }
    return made;
}

static int traced(Beam *beam, int before, int kind, int step, int first, int second)
{
    if (beam->trace_count == beam->trace_room) {
        int room = beam->trace_room ? 2 * beam->trace_room : 1024;
        Trace *traces = realloc(beam->traces, room * sizeof(Trace));
        if (!traces) {
            beam->failed = 1;
            return before;
        }
        beam->traces = traces;
        beam->trace_room = room;
    }
    beam->traces[beam->trace_count] = (Trace){before, kind, step, first, second};
    return beam->trace_count++;
}

static void part(uint64_t *pairs, int node)
{
    for (uint64_t left = pairs[node]; left; left &= left - 1) pairs[lowest(left)] &= ~BIT(node);
    pairs[node] = 0;
}

static double least(const Region *region, const Kind *kind, int target, const int8_t *given, int size)
{
    /* `given`: the nodes of the controls, -1 where one has none; of those in any order the given ones alone. */
    static const int none[MOST_NODES] = {0};
    const int *nodes = NULL, *away = none;
    int controls = kind->size - 1, count = 0;
    uint64_t taken = 0;
    double best = HUGE_VAL;
    for (int i = 0; i < size; i++)
        if (given[i] >= 0) {
            taken |= BIT(given[i]);
            count++;
        }
    if (!count) return 0.0;
    if (target >= 0) {
        nodes = region->from_near[target];
        away = region->distance[target];
        if (!(taken >> target & 1)) {
            best = 0.0;
            for (uint64_t left = taken; left; left &= left - 1) best += 2.0 * (away[lowest(left)] - 1);
        }
    }
    const int32_t *weights = kind->free ? kind->weights + controls - count : kind->weights;
    for (int i = 0; i < region->nodes; i++) {
        int node = nodes ? nodes[i] : i;
        if (2.0 * away[node] >= best) break;
        if (taken >> node & 1) continue;
        const int *distance = region->distance[node];
        double excess = 0.0;
        if (kind->free) {
            int sorted[MOST_NODES], length = 0;
            for (uint64_t left = taken; left; left &= left - 1) {
                int far = distance[lowest(left)], at = length++;
                for (; at && sorted[at - 1] > far; at--) sorted[at] = sorted[at - 1];
                sorted[at] = far;
            }
            int64_t total = 0;
            for (int j = 0; j < length; j++) total += (int64_t)weights[j] * (sorted[j] - 1);
            excess = (double)total;
        } else {
            for (int j = 0; j < size; j++)
                if (given[j] >= 0 && distance[given[j]] > 1) excess += weights[j] * (2 * distance[given[j]] - 2.5);
        }
        double found = 2.0 * (away[node] + excess);
        if (found < best) best = found;
    }
    return best;
}

static double guess(Region *region, const Kind *kind, const int8_t *place)
{
    int target = place[kind->life[0]], size = kind->size - 1;
    int8_t given[256];
    uint64_t nodes = 0;
    int64_t which = ((int64_t)kind->guess << 8 | (target + 1)) + 1;
    for (int i = 0; i < size; i++) given[i] = place[kind->life[i + 1]];
    if (kind->free) {
        for (int i = 0; i < size; i++)
            if (given[i] >= 0) nodes |= BIT(given[i]);
    } else if (size <= 9) {
        for (int i = 0; i < size; i++) nodes = nodes << 7 | (uint64_t)(given[i] + 1);
    } else {
        return least(region, kind, target, given, size);
    }
    uint64_t hash = (nodes * 0x9E3779B97F4A7C15U) ^ ((uint64_t)which * 0xC2B2AE3D27D4EB4FU);
    Guessed *known = &region->guessed[(hash ^ hash >> 31) >> 7 & (MEMORY - 1)];
    if (known->kind != which || known->nodes != nodes) {
        known->value = least(region, kind, target, given, size);
        known->kind = which;
        known->nodes = nodes;
    }
    return known->value;
}

static double guesses(const Beam *beam, int number, const int8_t *place)
{
    double total = 0.0;
    for (int i = 0; i < beam->look && number + 1 + i < beam->count; i++)
        total += beam->factors[i] * guess(beam->region, &beam->kinds[number + 1 + i], place);
    return total;
}

static void take_off(Beam *beam, State *state, int index)
{
    for (int life = 0; life < beam->lives; life++) {
        int node = state->place[life], first = beam->life[3 * life + 1], last = beam->life[3 * life + 2];
        if (node < 0 || !(beam->direction > 0 ? last < index : first > index)) continue;
        state->place[life] = -1;
        state->full &= ~BIT(node);
        part(state->pairs, node);
        state->vacated[node] = beam->direction > 0 ? last : -first;
        state->trace = traced(beam, state->trace, LEFT, index, life, node);
    }
}

static int by_score(const void *one, const void *other)
{
    const State *first = *(State *const *)one, *second = *(State *const *)other;
    return first->score < second->score ? -1 : first->score > second->score;
}

/* The best states, the earlier one first of equally good ones; returns how many. */
static int best_of(const Beam *beam, State **found, int count, State **kept)
{
    int size = 0;
    for (int i = 0; i < count; i++) {
        int at = size < beam->width ? size++ : beam->width;
        if (at == beam->width) {
            if (by_score(&found[i], &kept[at - 1]) >= 0) continue;
            at--;
        }
        for (; at && by_score(&found[i], &kept[at - 1]) < 0; at--) kept[at] = kept[at - 1];
        kept[at] = found[i];
    }
    return size;
}

static int find_done(const Beam *beam, const int8_t *place)
{
    for (int i = 0; i < beam->done_count; i++)
        if (!memcmp(beam->done[i]->place, place, beam->lives)) return i;
    return -1;
}

static void note_done(Beam *beam, int known, State *state)
{
    if (known < 0) {
        if (beam->done_count == beam->done_room) {
            int room = 2 * beam->done_room;
            State **done = realloc(beam->done, room * sizeof(State *));
            if (!done) {
                beam->failed = 1;
                return;
            }
            beam->done = done;
            beam->done_room = room;
        }
        known = beam->done_count++;
    }
    beam->done[known] = state;
}

static int open_nodes(const Beam *beam, const State *state, const Kind *kind, uint64_t avoided, int since, int *found)
{
    const Region *region = beam->region;
    uint64_t shut = state->full | avoided, placed = 0;
    int away[MOST_NODES], count = 0, kept = 0, nearest = region->nodes + 1;
    for (int node = 0; node < region->nodes; node++)
        if (!(shut >> node & 1) && state->vacated[node] < since) found[count++] = node;
    for (int i = 0; i < kind->size; i++)
        if (state->place[kind->life[i]] >= 0) placed |= BIT(state->place[kind->life[i]]);
    if (!placed)
        for (int life = 0; life < beam->lives; life++)
            if (state->place[life] >= 0) placed |= BIT(state->place[life]);
    if (!placed) return count < 6 ? count : 6;
    for (int i = 0; i < count; i++) {
        away[i] = region->nodes + 1;
        for (uint64_t left = placed; left; left &= left - 1)
            if (region->distance[found[i]][lowest(left)] < away[i]) away[i] = region->distance[found[i]][lowest(left)];
        if (away[i] < nearest) nearest = away[i];
    }
    if (nearest < 2) nearest = 2;
    for (int i = 0; i < count; i++)
        if (away[i] <= nearest) found[kept++] = found[i];
    return kept;
}

#define EVER (-(1 << 30))

static int place_lives(Beam *beam, int size, int number)
{
    const Kind *kind = &beam->kinds[number];
    int index = beam->steps[number], nodes[MOST_NODES];
    for (int i = 0; i < kind->size && size; i++) {
        int life = kind->life[i];
        if (beam->beam[0]->place[life] >= 0) continue;
        int first = beam->life[3 * life + 1], last = beam->life[3 * life + 2], since = EVER + 1;
        uint64_t avoided = 0;
        if (beam->direction > 0) {
            if (first > beam->anchor) since = first;
        } else if (last < beam->anchor) {
            since = -last;
        } else {
            avoided = beam->avoided;
        }
        beam->done_count = 0;
        for (int b = 0; b < size; b++) {
            State *state = beam->beam[b];
            int count = open_nodes(beam, state, kind, avoided, since, nodes);
            for (int n = 0; n < count; n++) {
                state->place[life] = (int8_t)nodes[n];
                int known = find_done(beam, state->place);
                if (known < 0) {
                    State *made = new_state(beam, state);
                    if (!made) {
                        beam->failed = 1;
                        return 0;
                    }
                    made->full |= BIT(nodes[n]);
                    made->trace = traced(beam, state->trace, PLACE, index, life, nodes[n]);
                    made->score = made->cost + guess(beam->region, kind, made->place) +
                                  guesses(beam, number, made->place);
                    note_done(beam, -1, made);
                }
            }
            state->place[life] = -1;
        }
        size = best_of(beam, beam->done, beam->done_count, beam->next);
        State **held = beam->beam;
        beam->beam = beam->next;
        beam->next = held;
    }
    return size;
}

static void take(const Beam *beam, const Kind *kind, const int8_t *place, uint64_t full, int first, int second,
                 Taken *taken)
{
    /* `first` is -1 where there is no swap just before the step with which it may merge. */
    const Region *region = beam->region;
    int target = place[kind->life[0]];
    if (kind->free) {
        uint64_t lying = 0;
        for (int i = 1; i < kind->size; i++) lying |= BIT(place[kind->life[i]]);
        ladder(region, kind->weights, target, lying, full & ~lying, &taken->ladder);
        taken->gates = taken->ladder.gates;
        taken->options = taken->ladder.options;
    } else {
        const int *away = region->distance[target];
        taken->gates = 0;
        for (int i = 1; i < kind->size; i++) {
            int each = 4 * away[place[kind->life[i]]] - 4;
            taken->gates += kind->weights[i - 1] * (each ? each : 1);
        }
        int nearest = place[kind->life[1]];
        taken->options = kind->size == 2 && away[nearest] == 1 ? BIT(nearest) : 0;
    }
    taken->merged = 0;
    if (first >= 0 && kind->nearest_first && (target == first || target == second)) {
        int other = first + second - target;
        if (taken->options >> other & 1) {
            taken->options = BIT(other);
            taken->merged = 1;
        }
    }
}

static void offer(Beam *beam, const Kind *kind, const State *state, const Taken *taken, int saved)
{
    const Region *region = beam->region;
    int target = state->place[kind->life[0]], nodes[256], size = kind->size - 1;
    int32_t free[MOST_NODES];
    memcpy(free, state->free, region->nodes * sizeof(int32_t));
    for (int i = 0; i < size; i++) nodes[i] = state->place[kind->life[i + 1]];
    if (kind->free) laddered(free, target, &taken->ladder, taken->options, kind->weights, size, taken->gates);
    else together(free, target, nodes, size, taken->gates);
    double layers = beam->layer * latest(free, region->nodes), score = state->score + layers;
    int known = find_done(beam, state->place);
    if (known >= 0 && beam->done[known]->score <= score) return;
    State *made = new_state(beam, state);
    if (!made) {
        beam->failed = 1;
        return;
    }
    part(made->pairs, target);
    for (int i = 0; i < size; i++) part(made->pairs, nodes[i]);
    if (taken->options && kind->nearest_last)
        for (int i = 0; i < size; i++)
            if (taken->options >> nodes[i] & 1) {
                made->pairs[target] |= BIT(nodes[i]);
                made->pairs[nodes[i]] |= BIT(target);
            }
    memcpy(made->free, free, region->nodes * sizeof(int32_t));
    made->cost = state->cost + taken->gates - (taken->merged ? saved : 0) + layers;
    made->score = score;
    note_done(beam, known, made);
}

/* Whether places were not seen before; they are then. */
static int unseen(Beam *beam, const int8_t *place)
{
    uint64_t hash = 1469598103934665603U;
    for (int i = 0; i < beam->lives; i++) hash = (hash ^ (uint8_t)place[i]) * 1099511628211U;
    uint32_t at = (uint32_t)(hash ^ hash >> 32) & (beam->seen_room - 1);
    for (; beam->seen[at] >= 0; at = (at + 1) & (beam->seen_room - 1))
        if (!memcmp(beam->seen_places + (size_t)beam->seen[at] * beam->lives, place, beam->lives)) return 0;
    if (2 * beam->seen_count >= beam->seen_room) {
        beam->failed = 1;
        return 0;
    }
    memcpy(beam->seen_places + (size_t)beam->seen_count * beam->lives, place, beam->lives);
    beam->seen[at] = beam->seen_count++;
    return 1;
}

static void find_moves(Beam *beam, int frontier, int number)
{
    const Region *region = beam->region;
    const Kind *kind = &beam->kinds[number];
    int8_t place[256];
    beam->move_count = 0;
    for (int b = 0; b < frontier; b++) {
        const State *state = beam->frontier[b];
        for (int i = 0; i < kind->size; i++) {
            int life = kind->life[i], node = state->place[life];
            for (int n = region->first[node]; n < region->first[node + 1]; n++) {
                int other = region->neighbour[n], both = state->full >> other & 1;
                memcpy(place, state->place, beam->lives);
                if (both)
                    for (int l = 0; l < beam->lives; l++)
                        if (place[l] == other) {
                            place[l] = (int8_t)node;
                            break;
                        }
                place[life] = (int8_t)other;
                if (!unseen(beam, place)) continue;
                if (beam->move_count == beam->move_room) {
                    beam->failed = 1;
                    return;
                }
                Move *move = &beam->moves[beam->move_count];
                move->first = node < other ? node : other;
                move->second = node < other ? other : node;
                move->price = state->pairs[node] >> other & 1 ? 1 : both ? 3 : 2;
                move->place = (int8_t *)beam->move_places + (size_t)beam->move_count * beam->lives;
                move->before = b;
                move->order = beam->move_count++;
                memcpy(move->place, place, beam->lives);
                uint64_t after = both ? state->full : state->full ^ (BIT(node) | BIT(other));
                take(beam, kind, place, after, move->price > 1 ? move->first : -1, move->second, &move->taken);
                int gates = move->taken.gates + (move->taken.merged ? 1 : move->price);
                move->score = state->cost + gates + guesses(beam, number, place);
            }
        }
    }
}

static int by_move(const void *one, const void *other)
{
    const Move *first = *(Move *const *)one, *second = *(Move *const *)other;
    if (first->score != second->score) return first->score < second->score ? -1 : 1;
    return first->order - second->order;
}

static State *moved(Beam *beam, const Move *move, int index)
{
    const State *state = beam->frontier[move->before];
    State *made = new_state(beam, state);
    if (!made) {
        beam->failed = 1;
        return NULL;
    }
    int first = move->first, second = move->second;
    if (!(state->full >> first & state->full >> second & 1)) {
        int left = state->full >> first & 1 ? first : second;
        made->full ^= BIT(first) | BIT(second);
        made->vacated[left] = beam->direction * index;
    }
    part(made->pairs, first);
    part(made->pairs, second);
    if (move->price == 1) {
        made->pairs[first] |= BIT(second);
        made->pairs[second] |= BIT(first);
    }
    together(made->free, first, &second, 1, move->price);
    memcpy(made->place, move->place, beam->lives);
    made->trace = traced(beam, state->trace, SWAP, index, first, second);
    made->cost = state->cost + move->price;
    made->score = move->score;
    return made;
}

static int compare_doubles(const void *one, const void *other)
{
    double first = *(const double *)one, second = *(const double *)other;
    return first < second ? -1 : first > second;
}

#define ROUNDS 4
#define WORTH 2.0

static int take_step(Beam *beam, int size, int number)
{
    const Kind *kind = &beam->kinds[number];
    int index = beam->steps[number], frontier = 0;
    Taken taken;
    beam->done_count = 0;
    for (int b = 0; b < size; b++) {
        State *state = beam->beam[b];
        take(beam, kind, state->place, state->full, -1, -1, &taken);
        state->score = state->cost + taken.gates + guesses(beam, number, state->place);
        offer(beam, kind, state, &taken, 0);
        if (state->score - state->cost - kind->toggled >= WORTH) beam->frontier[frontier++] = state;
    }
    if (frontier) {
        for (int i = 0; i < beam->seen_room; i++) beam->seen[i] = -1;
        beam->seen_count = 0;
        for (int b = 0; b < size; b++) unseen(beam, beam->beam[b]->place);
    }
    for (int round = 0; round < ROUNDS && frontier && !beam->failed; round++) {
        find_moves(beam, frontier, number);
        int count = beam->move_count;
        Move **ordered = malloc((count + 1) * sizeof(Move *));
        double limit = HUGE_VAL, *scores = malloc((beam->done_count + 1) * sizeof(double));
        if (!ordered || !scores) beam->failed = 1;
        if (!beam->failed) {
            for (int i = 0; i < count; i++) ordered[i] = &beam->moves[i];
            qsort(ordered, count, sizeof(Move *), by_move);
            if (beam->done_count >= beam->width) {
                for (int i = 0; i < beam->done_count; i++) scores[i] = beam->done[i]->score;
                qsort(scores, beam->done_count, sizeof(double), compare_doubles);
                limit = scores[beam->width - 1];
            }
            frontier = 0;
            for (int i = 0; i < count && !beam->failed; i++) {
                int kept = ordered[i]->score < limit;
                if (i >= beam->width && !kept) break;
                State *state = moved(beam, ordered[i], index);
                if (!state) break;
                if (i < beam->width) beam->next[frontier++] = state;
                if (kept) offer(beam, kind, state, &ordered[i]->taken, ordered[i]->price - 1);
            }
            State **held = beam->frontier;
            beam->frontier = beam->next;
            beam->next = held;
        }
        int ended = beam->failed || !count || ordered[0]->score > limit;
        free(ordered);
        free(scores);
        if (ended) break;
    }
    size = best_of(beam, beam->done, beam->done_count, beam->next);
    State **held = beam->beam;
    beam->beam = beam->next;
    beam->next = held;
    return size;
}

/* The cheapest state in the end; NULL where there is none, or with `failed`. */
static State *sweep(Beam *beam, State *start, const double *limits)
{
    int size = 1;
    /* Survivors of a step are copied here, so that its blocks can be used again. */
    char *kept = malloc(beam->stride * beam->width);
    if (!kept) {
        beam->failed = 1;
        return NULL;
    }
    beam->beam[0] = start;
    for (int number = 0; number < beam->count && size && !beam->failed; number++) {
        for (int b = 0; b < size; b++) take_off(beam, beam->beam[b], beam->steps[number]);
        size = place_lives(beam, size, number);
        if (!size) break;
        size = take_step(beam, size, number);
        int dear = 0;
        for (int b = 0; b < size; b++) dear += beam->beam[b]->cost > limits[number];
        if (dear == size) size = 0;
        for (int b = 0; b < size; b++) memcpy(kept + beam->stride * b, beam->beam[b], beam->stride);
        beam->block = beam->block_used = 0;
        for (int b = 0; b < size; b++) {
            State *state = (State *)(kept + beam->stride * b), *made = new_state(beam, NULL);
            if (!made) {
                beam->failed = 1;
                break;
            }
            made->cost = state->cost;
            made->score = state->score;
            made->full = state->full;
            made->trace = state->trace;
            memcpy((char *)made + sizeof(State), (char *)state + sizeof(State), beam->stride - sizeof(State));
            beam->beam[b] = made;
        }
    }
    free(kept);
    if (!size || beam->failed) return NULL;
    State *best = beam->beam[0];
    for (int b = 1; b < size; b++)
        if (beam->beam[b]->cost < best->cost) best = beam->beam[b];
    return best;
}

static PyObject *written_state(const Beam *beam, const State *state)
{
    int count = 0, nodes = beam->region->nodes;
    for (int at = state->trace; at >= 0; at = beam->traces[at].before) count++;
    int32_t *events = malloc((4 * (size_t)count + 1) * sizeof(int32_t));
    int32_t place[256];
    if (!events) return PyErr_NoMemory();
    int32_t *event = events + 4 * (size_t)count;
    for (int at = state->trace; at >= 0; at = beam->traces[at].before) {
        const Trace *trace = &beam->traces[at];
        event -= 4;
        event[0] = trace->kind;
        event[1] = trace->step;
        event[2] = trace->first;
        event[3] = trace->second;
    }
    for (int life = 0; life < beam->lives; life++) place[life] = state->place[life];
    PyObject *found = Py_BuildValue("y#y#dy#", (char *)place, (Py_ssize_t)(beam->lives * sizeof(int32_t)),
                                    (char *)state->free, (Py_ssize_t)(nodes * sizeof(int32_t)), state->cost,
                                    (char *)events, (Py_ssize_t)(4 * count * sizeof(int32_t)));
    free(events);
    return found;
}

static int read_beam(Beam *beam, const Py_buffer *kinds, const Py_buffer *steps)
{
    const int32_t *word = kinds->buf;
    int widest = 1, nodes = beam->region->nodes, degree = 1;
    beam->count = (int)(steps->len / sizeof(int32_t));
    beam->steps = steps->buf;
    beam->kinds = calloc(beam->count + 1, sizeof(Kind));
    if (!beam->kinds) return 0;
    for (int number = 0; number < beam->count; number++) {
        Kind *kind = &beam->kinds[number];
        kind->size = word[0];
        kind->free = word[1];
        kind->nearest_first = word[2];
        kind->nearest_last = word[3];
        kind->guess = word[4];
        kind->life = word + 5;
        kind->weights = word + 5 + kind->size;
        for (int i = 0; i < kind->size - 1; i++) kind->toggled += kind->weights[i];
        if (kind->size > widest) widest = kind->size;
        word += 5 + 2 * kind->size - 1;
    }
    for (int node = 0; node < nodes; node++)
        if (beam->region->first[node + 1] - beam->region->first[node] > degree)
            degree = beam->region->first[node + 1] - beam->region->first[node];
    beam->stride = sizeof(State) + nodes * (sizeof(uint64_t) + 2 * sizeof(int32_t)) + beam->lives;
    beam->stride = (beam->stride + 15) / 16 * 16;
    beam->move_room = beam->width * widest * degree;
    beam->seen_room = 64;
    while (beam->seen_room < 2 * (beam->width + ROUNDS * beam->move_room) + 2) beam->seen_room *= 2;
    beam->done_room = 256;
    beam->done = malloc(beam->done_room * sizeof(State *));
    beam->beam = malloc(beam->width * sizeof(State *));
    beam->frontier = malloc(beam->width * sizeof(State *));
    beam->next = malloc(beam->width * sizeof(State *));
    beam->moves = malloc(beam->move_room * sizeof(Move));
    beam->move_places = malloc((size_t)beam->move_room * beam->lives);
    beam->seen = malloc(beam->seen_room * sizeof(int32_t));
    beam->seen_places = malloc((size_t)beam->seen_room * beam->lives);
    return beam->done && beam->beam && beam->frontier && beam->next && beam->moves && beam->move_places && beam->seen &&
           beam->seen_places;
}

static void free_beam(Beam *beam)
{
    for (int i = 0; i < beam->block_count; i++) free(beam->blocks[i]);
    free(beam->blocks);
    free(beam->kinds);
    free(beam->traces);
    free(beam->done);
    free(beam->beam);
    free(beam->frontier);
    free(beam->next);
    free(beam->moves);
    free(beam->move_places);
    free(beam->seen);
    free(beam->seen_places);
}

static PyObject *sweep_beam(PyObject *self, PyObject *args)
{
    Py_buffer kinds, steps, lives, place, vacated, freed, limits, factors;
    PyObject *capsule, *found = NULL;
    unsigned long long full, avoided;
    double cost;
    Beam beam;
    memset(&beam, 0, sizeof(beam));
    if (!PyArg_ParseTuple(args, "Oy*y*y*y*y*y*y*y*iiidKKd", &capsule, &kinds, &steps, &lives, &place, &vacated, &freed,
                          &limits, &factors, &beam.direction, &beam.anchor, &beam.width, &beam.layer, &full, &avoided,
                          &cost))
        return NULL;
    beam.region = PyCapsule_GetPointer(capsule, REGION);
    if (beam.region) {
        int nodes = beam.region->nodes;
        beam.avoided = avoided;
        beam.life = lives.buf;
        beam.lives = (int)(place.len / sizeof(int32_t));
        beam.factors = factors.buf;
        beam.look = (int)(factors.len / sizeof(double));
        if (beam.lives > 255 || beam.width < 1 || limits.len != steps.len * 2 || freed.len != vacated.len ||
            freed.len != (Py_ssize_t)sizeof(int32_t) * nodes) {
            PyErr_SetString(PyExc_ValueError, "a sweep of another size");
        } else {
            State *start = NULL, *best = NULL;
            if (read_beam(&beam, &kinds, &steps)) start = new_state(&beam, NULL);
            if (start) {
                const int32_t *node = place.buf;
                start->cost = cost;
                start->score = 0;
                start->full = full;
                start->trace = -1;
                memset(start->pairs, 0, nodes * sizeof(uint64_t));
                memcpy(start->vacated, vacated.buf, vacated.len);
                memcpy(start->free, freed.buf, freed.len);
                for (int life = 0; life < beam.lives; life++) start->place[life] = (int8_t)node[life];
                best = sweep(&beam, start, limits.buf);
            }
            if (!start || beam.failed) PyErr_NoMemory();
            else if (best) found = written_state(&beam, best);
            else found = Py_NewRef(Py_None);
        }
    }
    free_beam(&beam);
    PyBuffer_Release(&kinds);
    PyBuffer_Release(&steps);
    PyBuffer_Release(&lives);
    PyBuffer_Release(&place);
    PyBuffer_Release(&vacated);
    PyBuffer_Release(&freed);
    PyBuffer_Release(&limits);
    PyBuffer_Release(&factors);
    return found;
}

static PyMethodDef METHODS[] = {
    {"region", make_region, METH_VARARGS, "A region from its nodes' degrees, neighbours and distances."},
    {"price", price_schedule, METH_VARARGS, "The costs of all steps of a schedule."},
    {"anneal", anneal_schedule, METH_VARARGS, "A schedule after an annealing: start, sizes, edges."},
    {"sweep", sweep_beam, METH_VARARGS, "One sweep of a beam: places, layers, cost and what was done."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "qsac.layout._kernel", "The inner loops of the search for places, compiled.", -1, METHODS,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModule_Create(&MODULE); }
