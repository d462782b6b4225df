console.log("short");
