# What is installed besides the programs, and the packages: one component of the installation a package.
#
#   cpack --config build/release/CPackConfig.cmake -B DIRECTORY -G DEB      (or RPM)

include(GNUInstallDirs)
set(units_dir lib/systemd/system) # and the like: systemd looks there whatever the architecture's LIBDIR is

# A configuration that is there stays.
function(install_configuration file target component)
  install(CODE "
    set(target \"\$ENV{DESTDIR}${CMAKE_INSTALL_FULL_SYSCONFDIR}/${target}\")
    if(NOT EXISTS \"\${target}\")
      configure_file(\"${PROJECT_SOURCE_DIR}/conf/${file}\" \"\${target}\" COPYONLY)
    endif()" COMPONENT ${component})
endfunction()

# Debian's changelog has the date of the source in the format of RFC 5322.
execute_process(COMMAND date --utc --rfc-email --date "@${SOURCE_DATE}" OUTPUT_VARIABLE SOURCE_DATE_TEXT
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

# As Debian's policy has them, which others do not mind: copyright and changelogs, compressed without a time stamp.
function(install_package_documents component)
  set(documents "${CMAKE_BINARY_DIR}/packages/${component}")
  file(MAKE_DIRECTORY "${documents}")
  set(changelog "${CMAKE_BINARY_DIR}/packages/changelog.Debian")
  configure_file(${PROJECT_SOURCE_DIR}/systemd/packages/deb/changelog.in ${changelog} @ONLY)
  find_program(GZIP gzip REQUIRED)
  foreach(pair changelog.Debian=${changelog} changelog=${PROJECT_SOURCE_DIR}/CHANGELOG.md)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 from)
    add_custom_command(OUTPUT ${documents}/${name}.gz DEPENDS ${from} VERBATIM
                       COMMAND sh -c "exec \"$1\" -9nc \"$2\" > \"$3\"" sh ${GZIP} ${from} ${documents}/${name}.gz)
    list(APPEND made ${documents}/${name}.gz)
  endforeach()
  add_custom_target(documents_${component} ALL DEPENDS ${made})
  install(FILES ${made} ${PROJECT_SOURCE_DIR}/systemd/packages/deb/copyright
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${component} COMPONENT ${component})
endfunction()

# A man page from a page of docs/.
function(install_man_page component page name section summary)
  find_program(LOWDOWN lowdown DOC "Makes the man pages (package lowdown)")
  if(NOT LOWDOWN)
    message(STATUS "lowdown is missing: no man page ${name}(${section})")
    return()
  endif()
  find_program(MAN_PAGE_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
  set(script ${PROJECT_SOURCE_DIR}/docs/man/man_page.py)
  set(source ${PROJECT_SOURCE_DIR}/docs/${page})
  set(made ${CMAKE_BINARY_DIR}/packages/${name}.${section})
  string(TOUPPER ${name} title)
  add_custom_command(OUTPUT ${made}.gz DEPENDS ${source} ${script} VERBATIM
    COMMAND ${MAN_PAGE_PYTHON} ${script} ${source} "${name}(${section}): ${summary}" > ${made}.md
    COMMAND ${LOWDOWN} -s -Tman --out-no-smarty -M title=${title} -M section=${section} -M source=sflow-agent -M volume= -o ${made} ${made}.md
    COMMAND gzip -9nf ${made})
  add_custom_target(man_${name}.${section} ALL DEPENDS ${made}.gz)
  install(FILES ${made}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
endfunction()

install_man_page(hsflowd man/hsflowd.md hsflowd 8 "sFlow agent: host counters")
install_man_page(hsflowd configuration.md hsflowd.conf 5 "configuration of hsflowd")
install_man_page(hsflowd auto-file.md hsflowd.auto 5 "sFlow settings that hsflowd publishes")
install_man_page(sflowovsd man/sflowovsd.md sflowovsd 8 "sFlow agent: Open vSwitch")
install_man_page(sflowovsd ports-file.md sflowovsd.ports 5 "ports of Open vSwitch and their guests, as sflowovsd publishes them")
install_configuration(hsflowd.conf hsflowd.conf hsflowd)
foreach(daemon hsflowd sflowovsd)
  install(TARGETS ${daemon}_daemon DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT ${daemon})
  install_configuration(${daemon}.default default/${daemon} ${daemon})
  install(FILES systemd/${daemon}.service DESTINATION ${units_dir} COMPONENT ${daemon})
  install(FILES systemd/${daemon}.sysusers DESTINATION lib/sysusers.d RENAME ${daemon}.conf COMPONENT ${daemon})
  install(FILES systemd/${daemon}.tmpfiles DESTINATION lib/tmpfiles.d RENAME ${daemon}.conf COMPONENT ${daemon})
  install(FILES conf/bash-completion/${daemon} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT ${daemon})
  list(APPEND components ${daemon})
endforeach()
install(FILES conf/hsflowd.conf conf/hsflowd.yaml systemd/examples/collector-namespace.conf systemd/examples/collector-device.conf systemd/examples/all-file-systems.conf
              systemd/examples/interface-details.conf systemd/examples/vrf.conf
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/hsflowd/examples COMPONENT hsflowd)
install(FILES systemd/examples/remote-database.conf systemd/examples/snap-database.conf docs/ports.schema.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/sflowovsd/examples COMPONENT sflowovsd)
install(FILES systemd/proxmox.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/hsflowd COMPONENT hsflowd)
install(PROGRAMS systemd/packages/deb/hsflowd/follow-drop-in DESTINATION ${CMAKE_INSTALL_DATADIR}/hsflowd COMPONENT hsflowd)
foreach(hypervisor libvirt xen) # installed where they are built
  if(TARGET vm_module_${hypervisor})
    list(APPEND modules hsflowd-${hypervisor})
  endif()
endforeach()
if(TARGET vm_module_xen)
  install(FILES systemd/xen.conf DESTINATION ${units_dir}/hsflowd.service.d COMPONENT hsflowd-xen)
endif()
list(APPEND components ${modules} sflow-agent)
foreach(component ${components})
  install_package_documents(${component})
endforeach()

set(summary_hsflowd "sFlow agent: host counters")
set(summary_hsflowd-libvirt "sFlow agent: counters of libvirt's virtual machines")
set(summary_hsflowd-xen "sFlow agent: counters of Xen's domains")
set(summary_sflowovsd "sFlow agent: Open vSwitch")
set(summary_sflow-agent "sFlow agent for hypervisors with Open vSwitch")
set(description_hsflowd
"hsflowd sends the counters of this host (CPU, memory, disks, network) to sFlow
collectors, and publishes the sFlow settings that it resolved, from its
configuration or from DNS, to sflowovsd and to sub-agents on the same host.")
set(description_hsflowd-libvirt
"This module adds the counters of each virtual machine that libvirt runs (CPU,
memory, disks, network) to what hsflowd sends.")
set(description_hsflowd-xen
"This module adds the counters of each domain that Xen runs (CPU, memory, disks,
network) to what hsflowd sends.")
set(description_sflowovsd
"sflowovsd keeps one row of Open vSwitch's sFlow table on every bridge, so that
ovs-vswitchd samples packets and sends the counters of its ports to the
collectors that hsflowd publishes. Bridges that are added later follow at once.")

set(description_sflow-agent
"This metapackage has no files of its own. It installs hsflowd, sflowovsd, and
the modules of hsflowd for the hypervisors of this host.")

set(CPACK_PACKAGE_NAME sflow-agent)
set(CPACK_PACKAGE_VERSION ${FULL_VERSION})
configure_file(${PROJECT_SOURCE_DIR}/common/cmake/CPackProject.cmake.in ${CMAKE_BINARY_DIR}/CPackProject.cmake @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/common/cmake/CPackStaged.cmake.in ${CMAKE_BINARY_DIR}/CPackStaged.cmake @ONLY)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_BINARY_DIR}/CPackProject.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_BINARY_DIR}/CPackStaged.cmake)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each component has its own
set(CPACK_PACKAGE_VENDOR "sFlow agent maintainers")
set(CPACK_PACKAGE_CONTACT "sFlow agent maintainers <maintainers@users.noreply.r-seed-93878d32.example>")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON) # there are files outside the prefix, in /etc
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
foreach(component ${components})
  set(CPACK_COMPONENT_${component}_DESCRIPTION "${description_${component}}")
endforeach()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE sflow-agent)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELEASE 1)
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_SPEC_MORE_DEFINE
# A module is nobody else's library.
"%global __provides_exclude_from ^/usr/${CMAKE_INSTALL_LIBDIR}/hsflowd/
%global _buildhost reproducible
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1")
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Daemons")

set(version "${FULL_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")
set(systemd_steps "init-system-helpers (>= 1.54~), systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
foreach(component ${components})
  string(TOUPPER ${component} key)
  set(deb ${PROJECT_SOURCE_DIR}/systemd/packages/deb/${component})
  set(rpm ${PROJECT_SOURCE_DIR}/systemd/packages/rpm/${component})
  file(GLOB scripts ${deb}/postinst ${deb}/prerm ${deb}/postrm ${deb}/conffiles ${deb}/triggers)
  set(CPACK_DEBIAN_${key}_PACKAGE_NAME ${component})
  set(CPACK_DEBIAN_${key}_PACKAGE_CONTROL_EXTRA "${scripts}")
  set(CPACK_DEBIAN_${key}_DESCRIPTION "${summary_${component}}\n${description_${component}}")
  set(CPACK_RPM_${key}_PACKAGE_NAME ${component})
  set(CPACK_RPM_${key}_PACKAGE_SUMMARY "${summary_${component}}")
  set(CPACK_RPM_${key}_PACKAGE_DESCRIPTION "${description_${component}}")
  foreach(pair POST_INSTALL=post PRE_UNINSTALL=preun POST_UNINSTALL=postun)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 step)
    list(GET pair 1 suffix)
    if(EXISTS ${rpm}.${suffix})
      set(CPACK_RPM_${key}_${step}_SCRIPT_FILE ${rpm}.${suffix})
    endif()
  endforeach()
  if(component STREQUAL sflow-agent)
    list(TRANSFORM modules APPEND " (= ${version})" OUTPUT_VARIABLE of_modules)
    list(JOIN of_modules ", " of_modules)
    # apt has no "if installed": a module costs little, and hsflowd loads it only where its hypervisor is.
    set(CPACK_DEBIAN_${key}_PACKAGE_DEPENDS "hsflowd (= ${version}), sflowovsd (= ${version}), ${of_modules}")
    # CPackRPM has no variable for Recommends, and copies a line break. Rich dependencies: rpm 4.13.
    # On a host that has other libraries than the one that built them: decision 26.
    set(CPACK_RPM_${key}_PACKAGE_REQUIRES "((hsflowd = ${version} and sflowovsd = ${version}) or sflow-agent-xcp = ${version})")
    foreach(module ${modules})
      string(REPLACE "hsflowd-" "" hypervisor ${module})
      string(APPEND CPACK_RPM_${key}_PACKAGE_REQUIRES "\nRecommends: (${module} = ${version} if ${hypervisor}-libs)")
    endforeach()
  elseif(component MATCHES "^hsflowd-")
    set(CPACK_DEBIAN_${key}_PACKAGE_DEPENDS "hsflowd (= ${version})")
    set(CPACK_RPM_${key}_PACKAGE_REQUIRES "hsflowd = ${version}")
  else()
    set(CPACK_DEBIAN_${key}_PACKAGE_DEPENDS "${systemd_steps}")
    set(CPACK_RPM_${key}_PACKAGE_REQUIRES "systemd")
    set(CPACK_RPM_${key}_USER_FILELIST "%config(noreplace) ${CMAKE_INSTALL_FULL_SYSCONFDIR}/default/${component}")
  endif()
endforeach()
list(APPEND CPACK_RPM_HSFLOWD_USER_FILELIST "%config(noreplace) ${CMAKE_INSTALL_FULL_SYSCONFDIR}/hsflowd.conf")
set(CPACK_DEBIAN_HSFLOWD_PACKAGE_SUGGESTS "sflowovsd, hsflowd-libvirt, hsflowd-xen")
set(CPACK_DEBIAN_HSFLOWD-LIBVIRT_PACKAGE_SUGGESTS "libvirt0")
set(CPACK_DEBIAN_HSFLOWD-XEN_PACKAGE_SUGGESTS "xen-utils-common")
# Another source of the shared file may be there.
set(CPACK_DEBIAN_SFLOWOVSD_PACKAGE_SUGGESTS "hsflowd")
set(CPACK_DEBIAN_SFLOWOVSD_PACKAGE_RECOMMENDS "openvswitch-switch")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /etc /etc/default /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/share/doc
    /usr/share/man /usr/share/man/man5 /usr/share/man/man8 /usr/share/bash-completion /usr/share/bash-completion/completions
    /usr/share/lintian /usr/share/lintian/overrides /usr/sbin /usr/${CMAKE_INSTALL_LIBDIR})
include(CPack)
