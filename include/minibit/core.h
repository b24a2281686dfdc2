/*
 * MiniBit's protocol for a driver of your own: events go in, actions come out.
 *
 * A peer (mb_peer_new(), mb_peer_step()) and the tracker (mb_tracker_new(), mb_tracker_step())
 * decide; who drives them keeps the time, carries messages and blocks, and does what they say. They
 * know no clock, socket, thread or file, and share nothing: two drivers may run in two threads. The
 * headers below say what each event, action and call means. examples/driver.c is a whole driver.
 */
#ifndef MINIBIT_CORE_H
#define MINIBIT_CORE_H

#include <minibit/version.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "core/blockset.h"
#include "core/event.h"
#include "core/geometry.h"
#include "core/peer.h"
#include "core/protocol.h"
#include "core/tracker.h"
#include "core/types.h"

#ifdef __cplusplus
}
#endif

#endif
