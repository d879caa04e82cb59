# Debian's cross compiler for arm64 (package crossbuild-essential-arm64), for the preset arm64.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# pkgconf:arm64 has it; configure scripts find it by the name of the host that they are given.
set(PKG_CONFIG_EXECUTABLE /usr/bin/aarch64-linux-gnu-pkg-config)
# For unit tests, and for the list of them when they are built.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)
# Without these, cpack(1) takes those of the machine that builds.
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
set(CPACK_RPM_PACKAGE_ARCHITECTURE ${CMAKE_SYSTEM_PROCESSOR})
