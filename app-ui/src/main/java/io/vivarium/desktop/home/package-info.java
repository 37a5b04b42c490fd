/** The list of VMs and what stands there when it is empty. */
@org.jspecify.annotations.NullMarked
package io.vivarium.desktop.home;
