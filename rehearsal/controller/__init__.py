"""The rehearsal controller: stands in for a storage provisioner and a cloud load balancer."""
