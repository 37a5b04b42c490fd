/** Sockets between host and guest: the virtio device, and its meeting with Unix sockets. */
@org.jspecify.annotations.NullMarked
package io.vivarium.devices.virtio.vsock;
