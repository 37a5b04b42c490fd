/** A mock guest: memory and a driver that fills rings as a guest does, rightly or wrongly. */
@org.jspecify.annotations.NullMarked
package io.vivarium.devices.virtio.testkit;
