/** The virtio network device, and endpoints that carry its frames. */
@org.jspecify.annotations.NullMarked
package io.vivarium.devices.virtio.net;
