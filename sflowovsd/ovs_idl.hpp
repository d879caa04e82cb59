// The only include of Open vSwitch's internal headers. They are C: some lack an extern "C" of their own, and
// some use `new` and `class` as names of parameters.
#pragma once

#include <config.h>

#include "util.h"

#include "dirs.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "unixctl.h"
extern "C" {
#include "command-line.h"
#include "daemon.h"
#include "fatal-signal.h"
#include "stream-ssl.h"
#include "stream.h"
}

#include <atomic> // which ovsdb-idl.h includes: not while the two words are renamed
#define new new_
#define class class_
#include "ovsdb-idl.h"
#include "vswitch-idl.h"
#undef new
#undef class
