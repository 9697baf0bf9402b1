package job

var RestAfter = restAfter
