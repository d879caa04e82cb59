// The only file that includes Open vSwitch's internal headers. They are C: some lack extern "C", and some use
// `new` and `class` as names of parameters. Each needs config.h before it.
#pragma once

#include <config.h>

#include "util.h"

#include "dirs.h"
#include "openvswitch/json.h"
#include "openvswitch/list.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "sset.h"
#include "unixctl.h"
extern "C" {
#include "command-line.h"
#include "daemon.h"
#include "fatal-signal.h"
#include "jsonrpc.h"
#include "stream-ssl.h"
#include "stream.h"
}

// A type must not have a name where C++ expects none, in an anonymous union.
#define ovsdb_cs_update_event // nothing
extern "C" {
#include "ovsdb-cs.h"
#include "ovsdb-error.h"
}
#undef ovsdb_cs_update_event

#include <atomic> // included by ovsdb-idl.h: it must not see the two words renamed
#define new new_
#define class class_
#include "ovsdb-idl.h"
#include "vswitch-idl.h"
#undef new
#undef class
