/** The few old PC devices that a guest kernel still needs. None of them knows KVM or its host. */
@org.jspecify.annotations.NullMarked
package io.vivarium.devices.legacy;
