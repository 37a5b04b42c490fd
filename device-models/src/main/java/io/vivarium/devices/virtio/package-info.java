/**
 * Virtio 1.2, split virtqueues: {@code VirtioCore} is the state machine that a transport drives,
 * {@code VirtioDevice} what a device type adds, {@code Virtqueue} and {@code DescriptorChain} the
 * only places that parse what a guest wrote into its rings.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.devices.virtio;
