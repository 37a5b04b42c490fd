/** The virtio console device with several ports. */
@org.jspecify.annotations.NullMarked
package io.vivarium.devices.virtio.console;
