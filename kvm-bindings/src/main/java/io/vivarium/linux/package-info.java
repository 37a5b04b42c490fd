/**
 * The few Linux calls that a machine monitor needs beside KVM: descriptors that close once, memory
 * mappings, eventfd, epoll, memfd, tap, file holes and locks, threads, processes and Landlock.
 *
 * <p>x86-64 only, as KVM's ioctls are here.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.linux;
