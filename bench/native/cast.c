#include "bench/native/cast.h"

#include <pthread.h>

#include "bench/native/bind.h"

enum { SIGN_WAIT = 0, SIGN_PLAY, SIGN_LEAVE, STACK_BYTES = 256 * 1024 };

static void *player_main(void *argument)
{
    struct player *player = argument;
    struct cast *cast = player->cast;

    player->error = bind_to_cpu(player->cpu);
    word_fetch_add(&cast->bound, 1, release);
    if (word_await_differ_pausing(&cast->sign, SIGN_WAIT, acquire, sign, machine_yield()) ==
        SIGN_PLAY)
        player->play(cast->scene);
    return NULL;
}

static int first_error(const struct cast *cast)
{
    int error = 0;

    for (unsigned i = 0; i < cast->count && error == 0; i++)
        error = cast->players[i].error;
    return error;
}

int cast_perform(struct cast *cast)
{
    pthread_t threads[CAST_MOST];
    pthread_attr_t attributes;
    uint32_t started = 0;
    int error = 0;

    word_init(&cast->sign, SIGN_WAIT);
    word_init(&cast->bound, 0);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (; started < cast->count && error == 0; started += error == 0) {
        cast->players[started].cast = cast;
        error =
            pthread_create(&threads[started], &attributes, player_main, &cast->players[started]);
    }
    pthread_attr_destroy(&attributes);
    word_await_equal_pausing(&cast->bound, started, acquire, bound, machine_yield());
    error = error != 0 ? error : first_error(cast);
    word_store(&cast->sign, error == 0 ? SIGN_PLAY : SIGN_LEAVE, release);
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return error;
}
